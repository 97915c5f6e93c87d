"""Why a guard says no, in the words of each language; `core.guards`, `core.task` and `core.limits` find it.

A code begins with its guard, so that whoever counts refusals can group them. What a code means never changes.
"""

from collections.abc import Iterable, Sequence

from spentkey.core.credential import Credential, Kind
from spentkey.core.reason import Reason, ReasonKind, listed

CLIENT_SECRET = ReasonKind("client-secret", "client secret", "clientgeheim", "secret client")
CERTIFICATE = ReasonKind("certificate", "certificate", "certificaat", "certificat")
_SECRET_NAMED = ReasonKind("secret-named", "secret {key_id}", "clientgeheim {key_id}", "secret client {key_id}")
_CERTIFICATE_NAMED = ReasonKind(
    "certificate-named", "certificate {key_id}", "certificaat {key_id}", "certificat {key_id}"
)
_USAGE_NAMED = ReasonKind("usage-named", "{usage} {key_id}", "{usage} {key_id}", "{usage} {key_id}")
_ONE_OF = ReasonKind("one-of", "{words} or {last}", "{words} of {last}", "{words} ou {last}")

G0_NOT_OURS = ReasonKind(
    "g0-not-ours",
    "the task is not open and with us",
    "de taak staat niet open bij ons",
    "la tâche n'est pas ouverte chez nous",
)
G0_NO_PARAMETERS = ReasonKind(
    "g0-no-parameters",
    "the request has none of the parameters {names}",
    "de aanvraag heeft geen van de parameters {names}",
    "la demande n'a aucun des paramètres {names}",
)
G0_NO_TASK_NUMBERED = ReasonKind(
    "g0-no-task-numbered",
    "no task has the number {ref}",
    "geen enkele taak heeft het nummer {ref}",
    "aucune tâche ne porte le numéro {ref}",
)
G0_NO_TASK_CALLED = ReasonKind(
    "g0-no-task-called",
    "no task is called {ref}",
    "geen enkele taak heet {ref}",
    "aucune tâche ne s'appelle {ref}",
)

G1_MISSING = ReasonKind("g1-missing", "{name} is missing", "{name} ontbreekt", "{name} manque")
G1_REPEATED = ReasonKind(
    "g1-repeated",
    "{name} is given more than once",
    "{name} is meer dan één keer opgegeven",
    "{name} est indiqué plus d'une fois",
)
G1_NOT_TEXT = ReasonKind("g1-not-text", "{name} is not a text", "{name} is geen tekst", "{name} n'est pas un texte")
G1_EMPTY = ReasonKind("g1-empty", "{name} is empty", "{name} is leeg", "{name} est vide")
G1_TOO_LONG = ReasonKind(
    "g1-too-long",
    "{name} is longer than {most} characters",
    "{name} is langer dan {most} tekens",
    "{name} compte plus de {most} caractères",
)
G1_CONTROL_CHARACTERS = ReasonKind(
    "g1-control-characters",
    "{name} contains control characters",
    "{name} bevat stuurtekens",
    "{name} contient des caractères de contrôle",
)
G1_UNSEEN_CHARACTER = ReasonKind(
    "g1-unseen-character",
    "{name} has the character {code_point} ({what}) in it",
    "in {name} staat het teken {code_point} ({what})",
    "{name} contient le caractère {code_point} ({what})",
)
UNSEEN = ReasonKind(
    "unseen",
    "a character that cannot be seen",
    "een onzichtbaar teken",
    "un caractère invisible",
)
G1_NOT_A_UUID = ReasonKind(
    "g1-not-a-uuid",
    "{name} is not a UUID such as {example}",
    "{name} is geen UUID zoals {example}",
    "{name} n'est pas un UUID tel que {example}",
)
G1_UNSUPPORTED_TYPE = ReasonKind(
    "g1-unsupported-type",
    "{name} is not supported: it must be {words}",
    "{name} wordt niet ondersteund: het moet {words} zijn",
    "{name} n'est pas pris en charge : ce doit être {words}",
)

G2_NO_TENANT = ReasonKind(
    "g2-no-tenant",
    "no configured tenant matches the task's parameters",
    "geen enkele geconfigureerde tenant komt overeen met de parameters van de taak",
    "aucun tenant configuré ne correspond aux paramètres de la tâche",
)
G2_SEVERAL_TENANTS = ReasonKind(
    "g2-several-tenants",
    "more than one tenant matches: {tenants}",
    "meer dan één tenant komt overeen: {tenants}",
    "plusieurs tenants correspondent : {tenants}",
)
G2_OTHER_TENANT = ReasonKind(
    "g2-other-tenant",
    "the parameters mean the tenant {found}, not {asked}",
    "de parameters duiden de tenant {found} aan, niet {asked}",
    "les paramètres désignent le tenant {found}, et non {asked}",
)
G2_TOKEN_OF_OTHER_TENANT = ReasonKind(
    "g2-token-of-other-tenant",
    "the token is for tenant {found}, not for {wanted}",
    "het token is voor tenant {found}, niet voor {wanted}",
    "le jeton vaut pour le tenant {found}, et non pour {wanted}",
)
G2_TOKEN_OF_OTHER_CLIENT = ReasonKind(
    "g2-token-of-other-client",
    "the token is for client {found}, not for {wanted}",
    "het token is voor client {found}, niet voor {wanted}",
    "le jeton vaut pour le client {found}, et non pour {wanted}",
)
G2_NO_APPLICATION = ReasonKind(
    "g2-no-application",
    "no application with AppID {app_id} exists in tenant {tenant}",
    "in tenant {tenant} bestaat geen applicatie met AppID {app_id}",
    "aucune application dont l'AppID est {app_id} n'existe dans le tenant {tenant}",
)
G2_OTHER_APPLICATION = ReasonKind(
    "g2-other-application",
    "the directory answered with another application, {app_id}",
    "de directory antwoordde met een andere applicatie, {app_id}",
    "l'annuaire a répondu par une autre application, {app_id}",
)
G2_OTHER_KIND = ReasonKind(
    "g2-other-kind",
    "the object with this AppID is not an app registration but of the type {kind}, which Spentkey does not change",
    "het object met deze AppID is geen applicatie maar van het type {kind}, dat Spentkey niet wijzigt",
    "l'objet portant cet AppID n'est pas une inscription d'application mais du type {kind}, que Spentkey ne modifie pas",
)

G3_OTHER_NAME = ReasonKind(
    "g3-other-name",
    "{name} is '{asked}', but the application with this AppID is called '{shown}'",
    "{name} is '{asked}', maar de applicatie met deze AppID heet '{shown}'",
    "{name} est « {asked} », mais l'application qui a cet AppID s'appelle « {shown} »",
)
G3_LOOK_ALIKE = ReasonKind(
    "g3-look-alike",
    "{name} is '{asked}', and the application with this AppID is called the same as far as a screen shows it: "
    "'{shown}'; they differ in {differences}",
    "{name} is '{asked}', en de applicatie met deze AppID heet op het scherm hetzelfde: '{shown}'; ze verschillen "
    "in {differences}",
    "{name} est '{asked}', et l'application avec cet AppID porte à l'écran le même nom : '{shown}' ; ils diffèrent "
    "par {differences}",
)
G3_ALIKE_SO_FAR = ReasonKind(
    "g3-alike-so-far",
    "{name} begins with '{asked}', and so does the name of the application with this AppID; they differ after that",
    "{name} begint met '{asked}', net als de naam van de applicatie met deze AppID; ze verschillen daarna",
    "{name} commence par '{asked}', comme le nom de l'application avec cet AppID ; ils diffèrent ensuite",
)
G3_NAMELESS = ReasonKind(
    "g3-name-unreadable",
    "the directory shows the application without a display name that can be read, so it cannot be compared",
    "de directory toont de applicatie zonder leesbare weergavenaam, dus kan ze niet vergeleken worden",
    "l'annuaire montre l'application sans nom d'affichage lisible : elle ne peut pas être comparée",
)

G4_HIDDEN = ReasonKind(
    "g4-may-be-unreadable",
    "the credential may be one that cannot be read, because it has no usable keyId: {entries}",
    "de credential kan er een zijn die niet gelezen kan worden, omdat ze geen bruikbare keyId heeft: {entries}",
    "l'identifiant peut être l'un de ceux qui sont illisibles, faute de keyId utilisable : {entries}",
)
G4_REPEATED = ReasonKind(
    "g4-repeated",
    "{key_id} stands {count} times on the application",
    "{key_id} staat {count} keer op de applicatie",
    "{key_id} figure {count} fois sur l'application",
)
G4_OTHER_KIND = ReasonKind(
    "g4-other-kind",
    "{name} says {asked}, but {key_id} is a {found}",
    "volgens {name} gaat het om een {asked}, maar {key_id} is een {found}",
    "{name} indique un {asked}, mais {key_id} est un {found}",
)
G4_SAML = ReasonKind("g4-saml", "{key_id} {group}", "{key_id} {group}", "{key_id} {group}")
SAML_GROUP = ReasonKind(
    "saml-group",
    "belongs to a SAML signing certificate, whose entries must stay together ({entries})",
    "hoort bij een SAML-handtekeningcertificaat, waarvan de onderdelen samen moeten blijven ({entries})",
    "fait partie d'un certificat de signature SAML, dont les éléments doivent rester ensemble ({entries})",
)
AND_SAML_GROUP = ReasonKind("and-saml-group", ", and {group}", ", en {group}", ", et {group}")
G4_ON_PRINCIPAL = ReasonKind(
    "g4-on-principal",
    "{key_id} is a credential of the service principal, not of the app registration{saml}: "
    "the security team must look at it",
    "{key_id} is een credential van de service principal, niet van de app-registratie{saml}: "
    "het securityteam moet ernaar kijken",
    "{key_id} est un identifiant du principal de service, et non de l'inscription d'application{saml} : "
    "l'équipe de sécurité doit l'examiner",
)
G4_TYPING_ERROR = ReasonKind(
    "g4-typing-error",
    "{name} is not on the application, but other expired credentials of that kind are (a typing error?): {others}",
    "{name} staat niet op de applicatie, maar andere vervallen credentials van die soort wel (een tikfout?): {others}",
    "{name} ne figure pas sur l'application, mais d'autres identifiants expirés de ce type y figurent "
    "(une faute de frappe ?) : {others}",
)

G5_NO_END = ReasonKind(
    "g5-no-end",
    "the credential's endDateTime is missing or cannot be read, so it may never expire",
    "de endDateTime van de credential ontbreekt of is onleesbaar; mogelijk vervalt ze nooit",
    "l'endDateTime de l'identifiant manque ou est illisible ; il se peut qu'il n'expire jamais",
)
G5_NO_DATE = ReasonKind(
    "g5-no-date",
    "the directory's answer carries no Date, so its clock cannot be compared with ours",
    "het antwoord van de directory bevat geen Date; haar klok kan dus niet met de onze vergeleken worden",
    "la réponse de l'annuaire ne contient pas de Date ; son horloge ne peut donc pas être comparée à la nôtre",
)
G5_END_MEANS_UNKNOWN = ReasonKind(
    "g5-end-means-unknown",
    "the credential's endDateTime, {end}, lies before 2013, so it stands for an end that is not known",
    "de endDateTime van de credential, {end}, ligt voor 2013 en staat dus voor een einde dat niet bekend is",
    "l'endDateTime de l'identifiant, {end}, est antérieure à 2013 : elle tient lieu d'une fin inconnue",
)
G5_END_BEFORE_START = ReasonKind(
    "g5-end-before-start",
    "the credential's endDateTime, {end}, is not after its startDateTime, {start}, so it stands for an end that is not known",
    "de endDateTime van de credential, {end}, ligt niet na haar startDateTime, {start}, en staat dus voor een einde dat niet "
    "bekend is",
    "l'endDateTime de l'identifiant, {end}, n'est pas postérieure à sa startDateTime, {start} : elle tient lieu d'une fin "
    "inconnue",
)
G5_OUR_CLOCK = ReasonKind(
    "our-clock",
    "this machine's clock is wrong: it is {apart} s away from the directory's, and {system} agrees with the directory; nothing "
    "is removed until it is right (sudo timedatectl set-ntp true)",
    "de klok van deze machine loopt verkeerd: ze wijkt {apart} s af van die van de directory, en {system} is het met de "
    "directory eens; tot ze juist staat wordt niets verwijderd (sudo timedatectl set-ntp true)",
    "l'horloge de cette machine est fausse : elle s'écarte de {apart} s de celle de l'annuaire, et {system} est d'accord avec "
    "l'annuaire ; rien n'est supprimé tant qu'elle n'est pas réglée (sudo timedatectl set-ntp true)",
)
G5_CLOCKS_APART = ReasonKind(
    "g5-clocks-apart",
    "our clock and the directory's are {apart} s apart; at most 300 s are allowed",
    "onze klok en die van de directory verschillen {apart} s; hoogstens 300 s is toegelaten",
    "notre horloge et celle de l'annuaire diffèrent de {apart} s ; 300 s au plus sont admises",
)
G5_NOT_EXPIRED = ReasonKind(
    "g5-not-expired",
    "the credential has not expired: it ends at {end}{grace}",
    "de credential is niet vervallen: ze eindigt op {end}{grace}",
    "l'identifiant n'a pas expiré : il se termine le {end}{grace}",
)
PLUS_GRACE = ReasonKind(
    "plus-grace", " plus {days} days of grace", " plus {days} dagen respijt", " plus {days} jours de grâce"
)

G6_OWN_APPLICATION = ReasonKind(
    "g6-own-application",
    "the application is the automation's own",
    "het is de applicatie van de automatisering zelf",
    "c'est l'application de l'automatisation elle-même",
)
G6_TOKEN_ENCRYPTION_KEY = ReasonKind(
    "g6-token-encryption-key",
    "the certificate is the application's token encryption key (tokenEncryptionKeyId)",
    "het certificaat is de sleutel waarmee de tokens van de applicatie versleuteld worden (tokenEncryptionKeyId)",
    "le certificat est la clé de chiffrement des jetons de l'application (tokenEncryptionKeyId)",
)
G6_LISTED = ReasonKind(
    "g6-listed",
    "the application is on the operator's list of protected applications",
    "de applicatie staat op de lijst van beschermde applicaties van de beheerder",
    "l'application figure sur la liste des applications protégées du gestionnaire",
)
G6_PROTECTED_NAME = ReasonKind(
    "g6-protected-name",
    "the credential's name matches the protected name {pattern}",
    "de naam van de credential komt overeen met de beschermde naam {pattern}",
    "le nom de l'identifiant correspond au nom protégé {pattern}",
)

G7_PARAMETERS_CHANGED = ReasonKind(
    "g7-parameters-changed",
    "the request's parameters changed while the task was being worked on",
    "de parameters van de aanvraag zijn gewijzigd terwijl aan de taak gewerkt werd",
    "les paramètres de la demande ont changé pendant le traitement de la tâche",
)
G7_TASK_GONE = ReasonKind(
    "g7-task-gone", "the task no longer exists", "de taak bestaat niet meer", "la tâche n'existe plus"
)
G7_TASK_CHANGED = ReasonKind(
    "g7-task-changed",
    "the task changed while it was being worked on: {why}",
    "de taak is gewijzigd terwijl eraan gewerkt werd: {why}",
    "la tâche a changé pendant son traitement : {why}",
)
G7_ASKS_OTHERWISE = ReasonKind(
    "g7-asks-otherwise",
    "the task asks for something else than what is to be removed",
    "de taak vraagt iets anders dan wat verwijderd moet worden",
    "la tâche demande autre chose que ce qui doit être supprimé",
)

G8_RUN = ReasonKind(
    "g8-run",
    "{limit} removals in this run are allowed, and as many were begun",
    "in deze run zijn {limit} verwijderingen toegelaten, en er zijn er al zoveel begonnen",
    "{limit} suppressions sont permises dans cette exécution, et autant ont été entamées",
)
G8_APPLICATION = ReasonKind(
    "g8-application",
    "{limit} removals on this application in the last hour are allowed, and as many were begun",
    "op deze applicatie zijn {limit} verwijderingen per uur toegelaten, en er zijn er het laatste uur al zoveel begonnen",
    "{limit} suppressions par heure sont permises sur cette application, et autant ont été entamées la dernière heure",
)
G8_HOUR = ReasonKind(
    "g8-hour",
    "{limit} removals in the last hour are allowed, and as many were begun",
    "per uur zijn {limit} verwijderingen toegelaten, en er zijn er het laatste uur al zoveel begonnen",
    "{limit} suppressions par heure sont permises, et autant ont été entamées la dernière heure",
)
G8_HAND_OVERS = ReasonKind(
    "g8-hand-overs",
    "{limit} hand-overs in an hour are allowed, and as many were begun",
    "per uur mogen {limit} taken overgedragen worden, en er zijn er al zoveel begonnen",
    "{limit} transferts par heure sont permis, et autant ont été entamés",
)

G10_LISTS_CHANGED = ReasonKind(
    "g10-lists-changed",
    "the application's credentials changed between judging and removing",
    "de credentials van de applicatie zijn gewijzigd tussen de beoordeling en de verwijdering",
    "les identifiants de l'application ont changé entre l'examen et la suppression",
)


def kind_word(kind: Kind) -> Reason:
    """What a kind of credential is called in a sentence."""
    return {Kind.SECRET: CLIENT_SECRET, Kind.CERTIFICATE: CERTIFICATE}[kind]()


def named(kind: Kind, key_id: str) -> Reason:
    """A credential by its kind and key id."""
    return {Kind.SECRET: _SECRET_NAMED, Kind.CERTIFICATE: _CERTIFICATE_NAMED}[kind](key_id=key_id)


def entries_of(group: Iterable[Credential]) -> Reason:
    """Credentials by what they are used for, where that is said, else by their kind."""
    return listed(
        [
            _USAGE_NAMED(usage=one.usage, key_id=one.key_id) if one.usage else named(one.kind, one.key_id)
            for one in group
        ]
    )


def one_of(words: Sequence[str]) -> str:
    """Some words of which one must be given."""
    *others, last = words
    return _ONE_OF(words=", ".join(others), last=last) if others else last
