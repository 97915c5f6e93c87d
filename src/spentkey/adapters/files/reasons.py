"""Why a request of the folder cannot be worked on or written, in the words of each language."""

from spentkey.core.reason import ReasonKind

OF_FILE = ReasonKind("files-of-file", "{file} {why}", "{file} {why}", "{file} {why}")
ENDED = ReasonKind("files-ended", "the request is {status}", "de aanvraag is {status}", "la demande est {status}")
CLOSED = ReasonKind("files-closed", "closed", "gesloten", "clôturée")
HANDED_OFF = ReasonKind("files-handed-off", "handed-off", "overgedragen", "transférée")
OPEN = ReasonKind("files-open", "open", "open", "ouverte")
ENDED_MEANWHILE = ReasonKind(
    "files-ended-meanwhile",
    "the request is {status} by now",
    "de aanvraag is intussen {status}",
    "la demande est entre-temps {status}",
)
NOT_APPROVED = ReasonKind(
    "files-not-approved",
    "the request is not approved: whoever may approve it sets approved_by in {file}",
    "de aanvraag is niet goedgekeurd: wie ze mag goedkeuren, vult approved_by in {file} in",
    "la demande n'est pas approuvée : qui peut l'approuver renseigne approved_by dans {file}",
)
CHANGED = ReasonKind(
    "files-changed",
    "the request changed after it was first seen; ask again in a file with another name than {file}",
    "de aanvraag is gewijzigd nadat ze voor het eerst gezien werd; dien ze opnieuw in met een andere bestandsnaam dan "
    "{file}",
    "la demande a changé après avoir été vue pour la première fois ; introduisez-la à nouveau dans un fichier d'un "
    "autre nom que {file}",
)

LINK_OUTSIDE = ReasonKind(
    "files-link-outside",
    "{file} is a link to outside of the folder",
    "{file} is een koppeling naar buiten de map",
    "{file} est un lien vers l'extérieur du dossier",
)
LINK_TO_NOTHING = ReasonKind(
    "files-link-to-nothing",
    "{file} is a link to nothing",
    "{file} is een koppeling naar niets",
    "{file} est un lien vers rien",
)
BEING_WRITTEN = ReasonKind(
    "files-being-written",
    "{file} is being written at this moment",
    "{file} wordt op dit moment geschreven",
    "{file} est en cours d'écriture",
)
NOT_UTF_8 = ReasonKind(
    "files-not-utf-8",
    "{file} is not a UTF-8 text",
    "{file} is geen UTF-8-tekst",
    "{file} n'est pas un texte UTF-8",
)
NOT_TOML = ReasonKind(
    "files-not-toml",
    "{file} is not valid TOML {where}",
    "{file} is geen geldige TOML {where}",
    "{file} n'est pas du TOML valide {where}",
)
NO_TABLE = ReasonKind(
    "files-no-table",
    "{file} has no table [request]",
    "{file} heeft geen tabel [request]",
    "{file} n'a pas de table [request]",
)
UNKNOWN_NAME = ReasonKind(
    "files-unknown-name",
    "{file}: {names} is neither [request] nor approved_by",
    "{file}: {names} is [request] noch approved_by",
    "{file} : {names} n'est ni [request] ni approved_by",
)
APPROVED_BY_NO_TEXT = ReasonKind(
    "files-approved-by-no-text",
    "{file}: approved_by is not a text",
    "{file}: approved_by is geen tekst",
    "{file} : approved_by n'est pas un texte",
)

CANNOT_BE_READ = ReasonKind(
    "files-cannot-be-read", "cannot be read ({why})", "kan niet gelezen worden ({why})", "ne peut pas être lu ({why})"
)
TOO_LARGE = ReasonKind(
    "files-too-large",
    "is larger than {most} bytes",
    "is groter dan {most} bytes",
    "dépasse {most} octets",
)
NO_PLAIN_FILE = ReasonKind(
    "files-no-plain-file", "is no plain file", "is geen gewoon bestand", "n'est pas un fichier ordinaire"
)
WORLD_WRITABLE = ReasonKind(
    "files-world-writable",
    "may be written by everybody; chmod o-w it",
    "kan door iedereen geschreven worden; chmod o-w",
    "peut être modifié par tous ; chmod o-w",
)
READ_NOT_NOW = ReasonKind(
    "files-read-not-now",
    "{path} cannot be read now ({why})",
    "{path} kan nu niet gelezen worden ({why})",
    "{path} ne peut pas être lu en ce moment ({why})",
)
FOLDER_UNUSABLE = ReasonKind(
    "files-folder-unusable",
    "files.directory: {path} cannot be used ({why})",
    "files.directory: {path} kan niet gebruikt worden ({why})",
    "files.directory : {path} ne peut pas être utilisé ({why})",
)
FOLDER_NOT_NOW = ReasonKind(
    "files-folder-not-now",
    "files.directory: {path} cannot be used now ({why})",
    "files.directory: {path} kan nu niet gebruikt worden ({why})",
    "files.directory : {path} ne peut pas être utilisé en ce moment ({why})",
)
NO_FOLDER = ReasonKind(
    "files-no-folder",
    "files.directory: {path} is no folder",
    "files.directory: {path} is geen map",
    "files.directory : {path} n'est pas un dossier",
)
FOLDER_WORLD_WRITABLE = ReasonKind(
    "files-folder-world-writable",
    "files.directory: everybody may write to {path}, so everybody could approve; chmod o-w it",
    "files.directory: iedereen kan in {path} schrijven, dus zou iedereen kunnen goedkeuren; chmod o-w",
    "files.directory : tout le monde peut écrire dans {path} et pourrait donc approuver ; chmod o-w",
)

LOG_LINE_FOREIGN = ReasonKind(
    "files-log-line-foreign",
    "{file}: line {number} is not as Spentkey writes it",
    "{file}: regel {number} is niet zoals Spentkey ze schrijft",
    "{file} : la ligne {number} n'est pas telle que Spentkey l'écrit",
)
LOG_REPLACED = ReasonKind(
    "files-log-replaced",
    "{file} was replaced while it was written",
    "{file} werd vervangen tijdens het schrijven",
    "{file} a été remplacé pendant l'écriture",
)
LOG_HELD = ReasonKind(
    "files-log-held",
    "another process has held {file} for {seconds} s",
    "een ander proces houdt {file} al {seconds} s bezet",
    "un autre processus occupe {file} depuis {seconds} s",
)
LOG_NOT_WRITTEN = ReasonKind(
    "files-log-not-written",
    "{file} cannot be written ({why})",
    "{file} kan niet geschreven worden ({why})",
    "{file} ne peut pas être écrit ({why})",
)
OF_FOLDER = ReasonKind(
    "files-of-folder",
    "files.directory: {path}: {why}",
    "files.directory: {path}: {why}",
    "files.directory : {path} : {why}",
)
NAME_TAKEN = ReasonKind(
    "files-name-taken",
    "{file} is there already",
    "{file} is er al",
    "{file} existe déjà",
)
MAY_ASK_FOR_IT = ReasonKind(
    "files-may-ask-for-it",
    "{why}; it may ask for the same credential, so no request is made",
    "{why}; ze vraagt misschien om hetzelfde credential, dus er wordt geen aanvraag gemaakt",
    "{why} ; elle demande peut-être le même identifiant, donc aucune demande n'est créée",
)
