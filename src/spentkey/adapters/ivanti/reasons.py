"""Why a task is not ours, and what Ivanti refuses or leaves open, in the words of each language."""

from spentkey.core.reason import ReasonKind

NOT_OPEN = ReasonKind(
    "ivanti-not-open",
    "the task's status is {status}, not one of {open}",
    "de status van de taak is {status}, geen van {open}",
    "le statut de la tâche est {status}, et non l'un de {open}",
)
EMPTY = ReasonKind("ivanti-empty", "empty", "leeg", "vide")
NO_TEAM = ReasonKind("ivanti-no-team", "(none)", "(geen)", "(aucune)")
READ_ONLY = ReasonKind(
    "ivanti-read-only", "the task is read-only", "de taak is alleen-lezen", "la tâche est en lecture seule"
)
OTHER_TEAM = ReasonKind(
    "ivanti-other-team",
    "the task is with the team {team}, not {ours}",
    "de taak is bij het team {team}, niet bij {ours}",
    "la tâche est auprès de l'équipe {team}, et non de {ours}",
)
OTHER_OWNER = ReasonKind(
    "ivanti-other-owner",
    "the task is already owned by somebody",
    "de taak heeft al een eigenaar",
    "la tâche a déjà un propriétaire",
)
NO_SERVICE_REQUEST = ReasonKind(
    "ivanti-no-service-request",
    "the task does not belong to a service request",
    "de taak hoort niet bij een serviceaanvraag",
    "la tâche n'appartient à aucune demande de service",
)

SEVERAL_TASKS = ReasonKind(
    "ivanti-several-tasks",
    "{system} answered {count} tasks with the number {number}",
    "{system} antwoordde {count} taken met het nummer {number}",
    "{system} a répondu {count} tâches avec le numéro {number}",
)
TOO_MANY_ROWS = ReasonKind(
    "ivanti-too-many-rows",
    "{system} answered more than {most} rows",
    "{system} antwoordde meer dan {most} rijen",
    "{system} a répondu plus de {most} lignes",
)
NOTE_KEPT_OTHERWISE = ReasonKind(
    "ivanti-note-kept-otherwise",
    "{system} keeps the note otherwise than written: check ivanti.note_parent_category",
    "{system} bewaart de notitie anders dan ze geschreven is: controleer ivanti.note_parent_category",
    "{system} conserve la note autrement qu'elle n'a été écrite : vérifiez ivanti.note_parent_category",
)
NOTE_NOT_SHOWN = ReasonKind(
    "ivanti-note-not-shown",
    "{system} does not show the note that was written to task {ref}",
    "{system} toont de notitie niet die bij taak {ref} geschreven is",
    "{system} ne montre pas la note écrite à la tâche {ref}",
)
CHANGED_MEANWHILE = ReasonKind(
    "ivanti-changed-meanwhile",
    "{system}: somebody changed task {ref} while it was written",
    "{system}: iemand wijzigde taak {ref} terwijl ze geschreven werd",
    "{system} : quelqu'un a modifié la tâche {ref} pendant l'écriture",
)
CHANGE_NOT_SHOWN = ReasonKind(
    "ivanti-change-not-shown",
    "{system} does not show the change that was written to task {ref}{hint}",
    "{system} toont de wijziging niet die bij taak {ref} geschreven is{hint}",
    "{system} ne montre pas la modification écrite à la tâche {ref}{hint}",
)
LIST_VALUE = ReasonKind(
    "ivanti-list-value",
    ": it answered 500 ISM_5000, so a list value was not accepted: Owner, OwnerTeam or Status; "
    "see whether the owner is a member of the team. Written was {written}",
    ": het antwoordde 500 ISM_5000; een lijstwaarde werd dus niet aanvaard: Owner, OwnerTeam of Status; "
    "kijk of de eigenaar lid is van het team. Geschreven werd {written}",
    " : il a répondu 500 ISM_5000 ; une valeur de liste n'a donc pas été acceptée : Owner, OwnerTeam ou Status ; "
    "voyez si le propriétaire est membre de l'équipe. Ce qui a été écrit : {written}",
)
WRITTEN = ReasonKind("ivanti-written", "{name} {value}", "{name} {value}", "{name} {value}")
NONE_WRITTEN = ReasonKind("ivanti-none-written", "(none)", "(geen)", "(aucun)")
MAY_BE_THE_LOST_NOTE = ReasonKind(
    "ivanti-may-be-the-lost-note",
    "{system} shows a note on task {ref} that may be the one whose reply was lost",
    "{system} toont bij taak {ref} een notitie die die kan zijn waarvan het antwoord verloren ging",
    "{system} montre sur la tâche {ref} une note qui est peut-être celle dont la réponse s'est perdue",
)
"""What a 500 with ISM_5000 and no message means on a write (measured)."""

KEY_REFUSED = ReasonKind(
    "ivanti-key-refused",
    "{system} refuses the API key (401): check ivanti.api_key and the key's role",
    "{system} weigert de API-sleutel (401): controleer ivanti.api_key en de rol van de sleutel",
    "{system} refuse la clé d'API (401) : vérifiez ivanti.api_key et le rôle de la clé",
)
NO_ADDRESS = ReasonKind(
    "ivanti-no-address",
    "{system} does not know the address (404): check ivanti.url, the base before /api",
    "{system} kent het adres niet (404): controleer ivanti.url, de basis voor /api",
    "{system} ne connaît pas l'adresse (404) : vérifiez ivanti.url, la base avant /api",
)
WRITE_REFUSED = ReasonKind(
    "ivanti-write-refused",
    "{system} refuses the write ({what})",
    "{system} weigert de wijziging ({what})",
    "{system} refuse la modification ({what})",
)
NO_RECORD_ID = ReasonKind(
    "ivanti-no-record-id",
    "{system} answered a record without a usable RecId",
    "{system} antwoordde een record zonder bruikbare RecId",
    "{system} a répondu par un enregistrement sans RecId utilisable",
)
NO_LIST = ReasonKind(
    "ivanti-no-list",
    "{system} answered a collection that is not a list of records",
    "{system} antwoordde een verzameling die geen lijst van records is",
    "{system} a répondu par une collection qui n'est pas une liste d'enregistrements",
)
NO_RECORD = ReasonKind(
    "ivanti-no-record",
    "{system} answered a record that is not an object",
    "{system} antwoordde een record dat geen object is",
    "{system} a répondu par un enregistrement qui n'est pas un objet",
)
NO_NUMBER = ReasonKind(
    "ivanti-no-number",
    "{system} answered a task without a usable AssignmentID",
    "{system} antwoordde een taak zonder bruikbare AssignmentID",
    "{system} a répondu par une tâche sans AssignmentID utilisable",
)
NO_MINUTES = ReasonKind(
    "ivanti-no-minutes",
    "{system} answered a task whose minutes are not a number",
    "{system} antwoordde een taak waarvan de minuten geen getal zijn",
    "{system} a répondu par une tâche dont les minutes ne sont pas un nombre",
)
NO_TEXT = ReasonKind(
    "ivanti-no-text",
    "{system} answered a record whose {name} is not a text",
    "{system} antwoordde een record waarvan {name} geen tekst is",
    "{system} a répondu par un enregistrement dont {name} n'est pas un texte",
)

NOT_SET_UP = ReasonKind(
    "ivanti-not-set-up",
    "ivanti.open is missing: it names the request offering and the employee",
    "ivanti.open ontbreekt: het noemt het aanvraagaanbod en de medewerker",
    "ivanti.open manque : il nomme l'offre de demande et l'employé",
)
NO_EMPLOYEE = ReasonKind(
    "ivanti-no-employee",
    "ivanti.open.employee: no single employee has the login {employee}",
    "ivanti.open.employee: niet precies één medewerker heeft de login {employee}",
    "ivanti.open.employee : aucun employé unique n'a l'identifiant {employee}",
)
NO_OFFERING = ReasonKind(
    "ivanti-no-offering",
    "ivanti.open.offering: the employee is offered no request offering {offering}",
    "ivanti.open.offering: de medewerker krijgt geen aanvraagaanbod {offering} te zien",
    "ivanti.open.offering : aucune offre de demande {offering} n'est proposée à l'employé",
)
SEVERAL_OFFERINGS = ReasonKind(
    "ivanti-several-offerings",
    "ivanti.open.offering: several request offerings are called {offering}",
    "ivanti.open.offering: meerdere aanvraagaanbiedingen heten {offering}",
    "ivanti.open.offering : plusieurs offres de demande s'appellent {offering}",
)
NO_SUCH_PARAMETER = ReasonKind(
    "ivanti-no-such-parameter",
    "the request offering has no parameter {names}: compare ivanti.parameters, ivanti.open.parameters and the tenant's when",
    "het aanvraagaanbod heeft geen parameter {names}: vergelijk ivanti.parameters, ivanti.open.parameters en when van de tenant",
    "l'offre de demande n'a pas de paramètre {names} : comparez ivanti.parameters, ivanti.open.parameters et le when du locataire",
)
UNANSWERED = ReasonKind(
    "ivanti-unanswered",
    "the request offering requires {names}: set them in ivanti.open.parameters",
    "het aanvraagaanbod vereist {names}: vul ze in ivanti.open.parameters in",
    "l'offre de demande exige {names} : renseignez-les dans ivanti.open.parameters",
)
NO_OPTION = ReasonKind(
    "ivanti-no-option",
    "the list of {name} has no {value}",
    "de lijst van {name} heeft geen {value}",
    "la liste de {name} n'a pas de {value}",
)
REQUEST_REFUSED = ReasonKind(
    "ivanti-request-refused",
    "{system} did not make the request: {what}",
    "{system} maakte de aanvraag niet: {what}",
    "{system} n'a pas créé la demande : {what}",
)
REQUEST_UNREADABLE = ReasonKind(
    "ivanti-request-unreadable",
    "{system} shows records of {what} that cannot be read, and one of them may ask for the same credential",
    "{system} toont onleesbare records van {what}, en één ervan vraagt misschien om hetzelfde credential",
    "{system} montre des enregistrements illisibles de {what}, et l'un d'eux demande peut-être le même identifiant",
)
