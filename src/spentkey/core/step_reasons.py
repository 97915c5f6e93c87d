"""What the steps of the story find that is no guard's business, in the words of each language."""

from spentkey.core.reason import ReasonKind

HELD_UP = ReasonKind("held-up", "{guard}: {why}", "{guard}: {why}", "{guard} : {why}")
NOT_YET_VERIFIED = ReasonKind(
    "not-yet-verified",
    "the removal was asked for, but not yet verified: {why}",
    "de verwijdering is gevraagd, maar nog niet geverifieerd: {why}",
    "la suppression a été demandée, mais pas encore vérifiée : {why}",
)
TICKET_NOT_WRITTEN = ReasonKind(
    "ticket-not-written",
    "the ticket could not be written: {why}",
    "de taak kon niet bijgewerkt worden: {why}",
    "la tâche n'a pas pu être mise à jour : {why}",
)

SHOWN_THEN_NOT = ReasonKind(
    "shown-then-not",
    "the application showed in one look at the directory and not in the next",
    "de applicatie was bij een lezing van de directory te zien en bij de volgende niet",
    "l'application figurait dans une lecture de l'annuaire et plus dans la suivante",
)
CHANGED_WHILE_VERIFIED = ReasonKind(
    "changed-while-verified",
    "the application's credentials changed while the removal was verified",
    "de credentials van de applicatie zijn gewijzigd terwijl de verwijdering geverifieerd werd",
    "les identifiants de l'application ont changé pendant la vérification de la suppression",
)
STILL_THERE = ReasonKind(
    "still-there",
    "Graph answered: {answer}; but the credential is still there",
    "Graph antwoordde: {answer}; maar de credential is er nog",
    "Graph a répondu : {answer} ; mais l'identifiant est encore là",
)
READS_DISAGREE = ReasonKind(
    "reads-disagree",
    "reads of the directory disagree on whether the credential is gone",
    "lezingen van de directory spreken elkaar tegen over de vraag of de credential weg is",
    "les lectures de l'annuaire se contredisent sur la disparition de l'identifiant",
)
SURVIVOR_LOST = ReasonKind(
    "survivor-lost",
    "ANOTHER CREDENTIAL IS MISSING OR CHANGED after the removal: {lost}. It may be somebody's own change",
    "NA DE VERWIJDERING ONTBREEKT EEN ANDERE CREDENTIAL OF IS ZE GEWIJZIGD: {lost}. "
    "Mogelijk heeft iemand dat zelf gedaan",
    "APRÈS LA SUPPRESSION, UN AUTRE IDENTIFIANT MANQUE OU A CHANGÉ : {lost}. "
    "Il peut s'agir d'une modification voulue par quelqu'un",
)
ASKED_EARLIER = ReasonKind(
    "asked-earlier",
    "an earlier try asked for the removal",
    "een eerdere poging heeft de verwijdering gevraagd",
    "une tentative précédente a demandé la suppression",
)

NO_PRINCIPAL = ReasonKind(
    "no-principal",
    "the application has no service principal in its tenant, so it cannot sign in, which removeKey needs as a proof: "
    "create one (az ad sp create --id AppID)",
    "de applicatie heeft geen service principal in haar tenant en kan dus niet aanmelden, wat removeKey als bewijs "
    "vereist: maak er een aan (az ad sp create --id AppID)",
    "l'application n'a pas de principal de service dans son tenant et ne peut donc pas se connecter, ce que removeKey "
    "exige comme preuve : créez-en un (az ad sp create --id AppID)",
)
NO_SIGNER = ReasonKind(
    "no-signer",
    "the application has no valid signer: removeKey needs a proof by a certificate that is registered on it and "
    "valid now ({tried})",
    "de applicatie heeft geen geldige ondertekenaar: removeKey vereist een bewijs met een certificaat dat erop "
    "geregistreerd en nu geldig is ({tried})",
    "l'application n'a pas de signataire valide : removeKey exige une preuve par un certificat qui y est enregistré "
    "et valide en ce moment ({tried})",
)
TOO_MANY_FILES = ReasonKind(
    "too-many-files",
    "the vault has {count} PFX files for it; at most {most} are tried",
    "de kluis heeft er {count} PFX-bestanden voor; hoogstens {most} worden geprobeerd",
    "le coffre contient {count} fichiers PFX pour elle ; {most} au plus sont essayés",
)
NO_VAULT = ReasonKind(
    "no-vault",
    "no vault is configured",
    "er is geen kluis geconfigureerd",
    "aucun coffre n'est configuré",
)
NOT_TRIED_TOO_MANY = ReasonKind(
    "not-tried-too-many",
    "not tried, because at most {most} are: {names}",
    "niet geprobeerd, want hoogstens {most} worden er geprobeerd: {names}",
    "non essayés, car {most} au plus le sont : {names}",
)
NOT_TRIED_ALIKE = ReasonKind(
    "not-tried-alike",
    "not tried, because that would be refused alike: {names}",
    "niet geprobeerd, want dat zou net zo geweigerd worden: {names}",
    "non essayés, car ils seraient refusés de même : {names}",
)
WITH_CERTIFICATE = ReasonKind(
    "with-certificate",
    "with the certificate in {document}, {why}",
    "met het certificaat in {document}: {why}",
    "avec le certificat dans {document} : {why}",
)
LEFT_ALONE = ReasonKind(
    "credential-left-alone",
    "{where} has no keyId that can be read; it is left alone",
    "{where} heeft geen leesbare keyId; er wordt van afgebleven",
    "{where} n'a pas de keyId lisible ; on n'y touche pas",
)
OF_DOCUMENT = ReasonKind("of-document", "{document}: {why}", "{document}: {why}", "{document} : {why}")

STOPPING = ReasonKind(
    "stopping", "the service is being stopped", "de dienst wordt gestopt", "le service est en cours d'arrêt"
)
STOPPED_BETWEEN = ReasonKind(
    "stopped-between",
    "the service is being stopped; the task is taken up again at the next start",
    "de dienst wordt gestopt; de taak wordt bij de volgende start weer opgenomen",
    "le service est en cours d'arrêt ; la tâche sera reprise au prochain démarrage",
)
NO_NOTE_AFTER_CLOSE = ReasonKind(
    "no-note-after-close",
    "the task is closed, but the note that says what the log was could not be written: {why}",
    "de taak is gesloten, maar de nota die zegt hoe het logboek was kon niet worden geschreven: {why}",
    "la tâche est clôturée, mais la note qui dit l'état du journal n'a pas pu être écrite : {why}",
)
CLOSED_EARLIER = ReasonKind(
    "closed-earlier",
    "the task is already closed, by an earlier run",
    "de taak is al gesloten, door een eerdere run",
    "la tâche est déjà clôturée, par une exécution précédente",
)
BY_PLAYBOOK = ReasonKind(
    "by-playbook", "handed over by a playbook", "overgedragen door een playbook", "transférée par un playbook"
)
NOT_PROVEN = ReasonKind(
    "not-proven",
    "no verified removal is on record, and no task is closed without that proof",
    "er is geen geverifieerde verwijdering vastgelegd, en zonder dat bewijs wordt geen taak gesloten",
    "aucune suppression vérifiée n'est enregistrée, et sans cette preuve aucune tâche n'est clôturée",
)
NOTE_ONLY = ReasonKind("note-only", "a note", "een notitie", "une note")
NO_PATCH = ReasonKind(
    "patch-with-unreadable",
    "{why}; and the list of certificates is not written again, because an entry of it cannot be read: {entries}",
    "{why}; en de lijst van certificaten wordt niet opnieuw geschreven, omdat een ingang niet gelezen kan worden: {entries}",
    "{why} ; et la liste des certificats n'est pas réécrite, car une entrée est illisible : {entries}",
)
