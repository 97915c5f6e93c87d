"""Why a lock or the evidence is not to be had, in the words of each language."""

from spentkey.core.reason import ReasonKind

HELD_BY_PROCESS = ReasonKind(
    "g9-held-by-process",
    "another process has been working on {name} for {seconds} s",
    "een ander proces werkt al {seconds} s aan {name}",
    "un autre processus travaille sur {name} depuis {seconds} s",
)
HELD_BY_WORKER = ReasonKind(
    "g9-held-by-worker",
    "another worker has been working on {name} for {seconds} s",
    "een andere worker werkt al {seconds} s aan {name}",
    "un autre worker travaille sur {name} depuis {seconds} s",
)
TAKEN_OVER = ReasonKind(
    "g9-taken-over",
    "another worker has taken over",
    "een andere worker heeft het overgenomen",
    "un autre worker a pris le relais",
)
HELD_UP = ReasonKind(
    "g9-held-up",
    "this worker was held up for so long that another one may have taken over",
    "deze worker werd zo lang opgehouden dat een andere het overgenomen kan hebben",
    "ce worker a été retenu si longtemps qu'un autre a pu prendre le relais",
)
FILE_HELD = ReasonKind(
    "evidence-held",
    "another process has held {file} for {seconds} s and was perhaps stopped; `fuser {file}` names it",
    "een ander proces houdt {file} al {seconds} s bezet en is misschien stilgelegd; `fuser {file}` noemt het",
    "un autre processus occupe {file} depuis {seconds} s et a peut-être été suspendu ; `fuser {file}` le nomme",
)
DATABASE_AWAY = ReasonKind(
    "evidence-database-away",
    "{system} does not answer ({why})",
    "{system} antwoordt niet ({why})",
    "{system} ne répond pas ({why})",
)
DATABASE_READ_ONLY = ReasonKind(
    "evidence-database-read-only",
    "the {system} that answers is read-only: a standby, or a server that was demoted; the address must lead to the primary",
    "de {system} die antwoordt is alleen-lezen: een standby, of een server die geen primary meer is; het adres moet naar de "
    "primary leiden",
    "le {system} qui répond est en lecture seule : un standby, ou un serveur qui n'est plus le primaire ; l'adresse doit "
    "mener au primaire",
)
DATABASE_LOCK_HELD = ReasonKind(
    "evidence-database-lock-held",
    "a lock of Spentkey's in {system} was waited for {seconds} s; it is held by {holder}",
    "op een lock van Spentkey in {system} is {seconds} s gewacht; die is in handen van {holder}",
    "un verrou de Spentkey dans {system} a été attendu {seconds} s ; il est détenu par {holder}",
)
