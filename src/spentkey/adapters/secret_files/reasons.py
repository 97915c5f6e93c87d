"""Why the folder of secrets gives no log-in and no file, in the words of each language."""

from spentkey.core.reason import ReasonKind

NO_FILE = ReasonKind(
    "secrets-no-file",
    "the folder of secrets has neither {app_id}.pfx nor {app_id}.p12",
    "de map met geheimen heeft {app_id}.pfx noch {app_id}.p12",
    "le dossier des secrets n'a ni {app_id}.pfx ni {app_id}.p12",
)
NO_OWN_FILE = ReasonKind(
    "secrets-no-own-file",
    "there is no {names} in {path}",
    "er is geen {names} in {path}",
    "il n'y a pas de {names} dans {path}",
)
NO_TITLE = ReasonKind(
    "secrets-no-title",
    "the title {title} cannot be the name of a file in {path}",
    "de titel {title} kan niet de naam van een bestand in {path} zijn",
    "le titre {title} ne peut pas être le nom d'un fichier dans {path}",
)
EMPTY = ReasonKind("secrets-empty", "{path} is empty", "{path} is leeg", "{path} est vide")
SEVERAL_LINES = ReasonKind(
    "secrets-several-lines",
    "{path} has more than one line, or control characters",
    "{path} heeft meer dan één regel, of stuurtekens",
    "{path} a plus d'une ligne, ou des caractères de contrôle",
)
OF_PATH = ReasonKind("secrets-of-path", "{path} {why}", "{path} {why}", "{path} {why}")
OF_FOLDER = ReasonKind(
    "secrets-of-folder",
    "secrets.directory: {path} {why}",
    "secrets.directory: {path} {why}",
    "secrets.directory : {path} {why}",
)
TOO_LARGE = ReasonKind(
    "secrets-too-large",
    "{path} is larger than {most} bytes",
    "{path} is groter dan {most} bytes",
    "{path} dépasse {most} octets",
)
NOT_UTF_8 = ReasonKind(
    "secrets-not-utf-8",
    "{path} is not a UTF-8 text",
    "{path} is geen UTF-8-tekst",
    "{path} n'est pas un texte UTF-8",
)
LEADS_OUTSIDE = ReasonKind(
    "secrets-leads-outside",
    "{path} leads to outside of the folder",
    "{path} leidt naar buiten de map",
    "{path} mène hors du dossier",
)
NOT_NOW = ReasonKind(
    "secrets-not-now",
    "{path} cannot be read now ({why})",
    "{path} kan nu niet gelezen worden ({why})",
    "{path} ne peut pas être lu en ce moment ({why})",
)
CANNOT_BE_READ = ReasonKind(
    "secrets-cannot-be-read",
    "{path} cannot be read ({why})",
    "{path} kan niet gelezen worden ({why})",
    "{path} ne peut pas être lu ({why})",
)
NO_FOLDER = ReasonKind("secrets-no-folder", "is no folder", "is geen map", "n'est pas un dossier")
NO_PLAIN_FILE = ReasonKind(
    "secrets-no-plain-file", "is no plain file", "is geen gewoon bestand", "n'est pas un fichier ordinaire"
)
OTHER_ACCOUNT = ReasonKind(
    "secrets-other-account",
    "belongs to another account; chown it to this one or to root",
    "is van een andere account; geef het met chown aan deze account of aan root",
    "appartient à un autre compte ; attribuez-le par chown à ce compte ou à root",
)
WRITABLE = ReasonKind(
    "secrets-writable",
    "may be written by others; chmod go-w it",
    "kan door anderen geschreven worden; chmod go-w",
    "peut être modifié par d'autres ; chmod go-w",
)
READABLE = ReasonKind(
    "secrets-readable",
    "may be read by everybody; chmod o-r it",
    "kan door iedereen gelezen worden; chmod o-r",
    "peut être lu par tous ; chmod o-r",
)
