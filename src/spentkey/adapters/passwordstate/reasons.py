"""What Passwordstate and its database refuse or leave open, in the words of each language."""

from spentkey.core.reason import ReasonKind

NO_ENTRY_FOR = ReasonKind(
    "passwordstate-no-certificate-entry",
    "the vault has no certificate entry for this application",
    "de kluis heeft geen certificaatitem voor deze applicatie",
    "le coffre n'a aucune entrée de certificat pour cette application",
)
NO_DOCUMENT = ReasonKind(
    "passwordstate-no-document",
    "the vault's entry {titles} has no PFX document",
    "het item {titles} van de kluis heeft geen PFX-document",
    "l'entrée {titles} du coffre n'a aucun document PFX",
)
NO_ENTRY = ReasonKind(
    "passwordstate-no-entry",
    "{system} list {number} has no entry with the title {title}, or the key may not see it",
    "{system}, lijst {number}: er is geen item met de titel {title}, of de sleutel mag het niet zien",
    "{system}, liste {number} : il n'y a aucune entrée intitulée {title}, ou la clé n'a pas le droit de la voir",
)
SEVERAL_ENTRIES = ReasonKind(
    "passwordstate-several-entries",
    "{system} list {number} has {count} entries with the title {title}: {ids}",
    "{system}, lijst {number}: er zijn {count} items met de titel {title}: {ids}",
    "{system}, liste {number} : il y a {count} entrées intitulées {title} : {ids}",
)
NO_SEARCH = ReasonKind(
    "passwordstate-no-list",
    "{system} answered a search that is not a list",
    "{system} antwoordde op een zoekopdracht iets dat geen lijst is",
    "{system} a répondu à une recherche par autre chose qu'une liste",
)
REQUEST_REFUSED = ReasonKind(
    "passwordstate-refused",
    "{system} refuses the request ({status}): {needed} for it is missing or limited",
    "{system} weigert de aanvraag ({status}): {needed} ontbreekt of is beperkt",
    "{system} refuse la demande ({status}) : {needed} manque ou est limitée",
)
A_KEY = ReasonKind("passwordstate-a-key", "an API key", "een API-sleutel daarvoor", "une clé d'API pour cela")
A_DOCUMENT_KEY = ReasonKind(
    "passwordstate-a-document-key",
    "an API key with the right to documents",
    "een API-sleutel met recht op documenten",
    "une clé d'API avec droit aux documents",
)
NO_ADDRESS = ReasonKind(
    "passwordstate-no-address",
    "{system} does not know the address (404): check passwordstate.url",
    "{system} kent het adres niet (404): controleer passwordstate.url",
    "{system} ne connaît pas l'adresse (404) : vérifiez passwordstate.url",
)
DOCUMENT_REFUSED = ReasonKind(
    "passwordstate-document-refused",
    "{system} does not give the document {name}: it does not exist or the key may not read it",
    "{system} geeft het document {name} niet: het bestaat niet of de sleutel mag het niet lezen",
    "{system} ne donne pas le document {name} : il n'existe pas ou la clé n'a pas le droit de le lire",
)
DOCUMENT_HTML = ReasonKind(
    "passwordstate-document-html",
    "{system} answered with an HTML page instead of the document {name}",
    "{system} antwoordde met een HTML-pagina in plaats van het document {name}",
    "{system} a répondu par une page HTML au lieu du document {name}",
)

QUERY_GIVEN_UP = ReasonKind(
    "database-deadlock",
    "the Passwordstate database gave the query up for another one (a deadlock); nothing needs to be done",
    "de databank van Passwordstate gaf de query op voor een andere (een deadlock); er hoeft niets te gebeuren",
    "la base de données de Passwordstate a abandonné la requête au profit d'une autre (un interblocage) ; "
    "il n'y a rien à faire",
)
DATABASE_TLS = ReasonKind(
    "database-tls-refused",
    "the Passwordstate database: the TLS connection was refused; spentkey check shows the certificate",
    "de databank van Passwordstate: de TLS-verbinding werd geweigerd; spentkey check toont het certificaat",
    "la base de données de Passwordstate : la connexion TLS a été refusée ; spentkey check montre le certificat",
)
DATABASE_AWAY = ReasonKind(
    "database-away",
    "the Passwordstate database: it cannot be reached",
    "de databank van Passwordstate is niet bereikbaar",
    "la base de données de Passwordstate est injoignable",
)
NO_INSTANCE = ReasonKind(
    "database-no-instance",
    "the Passwordstate database: SQL Server Browser (UDP 1434) does not tell the port of {server}; where it is not to run, "
    "set passwordstate.database.port",
    "de databank van Passwordstate: SQL Server Browser (UDP 1434) noemt geen poort voor {server}; als die dienst niet mag "
    "draaien, vul passwordstate.database.port in",
    "la base de données de Passwordstate : SQL Server Browser (UDP 1434) n'indique aucun port pour {server} ; si ce "
    "service ne doit pas tourner, indiquez passwordstate.database.port",
)
WRONG_INTENT = ReasonKind(
    "database-wrong-intent",
    "the Passwordstate database: this replica takes only connections with another intent: set "
    "passwordstate.database.application_intent to {setting}",
    "de databank van Passwordstate: deze replica aanvaardt alleen verbindingen met een ander doel: zet "
    "passwordstate.database.application_intent op {setting}",
    "la base de données de Passwordstate : ce réplica n'accepte que des connexions d'une autre intention : mettez "
    "passwordstate.database.application_intent à {setting}",
)
DATABASE_SLOW = ReasonKind(
    "database-slow",
    "the Passwordstate database did not answer in time",
    "de databank van Passwordstate antwoordde niet op tijd",
    "la base de données de Passwordstate n'a pas répondu à temps",
)
DRIVER_UNUSABLE = ReasonKind(
    "database-driver-unusable",
    "the Passwordstate database: the driver cannot be used ({why})",
    "de databank van Passwordstate: het stuurprogramma kan niet gebruikt worden ({why})",
    "la base de données de Passwordstate : le pilote ne peut pas être utilisé ({why})",
)
NO_LOGINS_NOW = ReasonKind(
    "database-no-logins-now",
    "the Passwordstate database takes no log-ins now: it starts, stops, is paused or under maintenance",
    "de databank van Passwordstate aanvaardt nu geen aanmeldingen: ze start, stopt, is gepauzeerd of in onderhoud",
    "la base de données de Passwordstate n'accepte pas de connexions en ce moment : elle démarre, s'arrête, est en "
    "pause ou en maintenance",
)
NOT_OPENED_NOW = ReasonKind(
    "database-not-opened-now",
    "the Passwordstate database cannot be opened now: it is recovering, failing over or offline, or "
    "passwordstate.database.database names another one",
    "de databank van Passwordstate kan nu niet geopend worden: ze herstelt, schakelt over of is offline, of "
    "passwordstate.database.database noemt een andere",
    "la base de données de Passwordstate ne peut pas être ouverte en ce moment : elle est en récupération, en "
    "basculement ou hors ligne, ou passwordstate.database.database en nomme une autre",
)
NO_LOGINS = ReasonKind(
    "database-no-logins",
    "the Passwordstate database takes no log-ins now; the server's error log says why",
    "de databank van Passwordstate aanvaardt nu geen aanmeldingen; de reden staat in het foutenlogboek van de server",
    "la base de données de Passwordstate n'accepte pas de connexions en ce moment ; le journal d'erreurs du serveur "
    "dit pourquoi",
)
LOGIN_REFUSED = ReasonKind(
    "database-login-refused",
    "the Passwordstate database refuses the log-in: check the entry passwordstate.database.entry and the name "
    "passwordstate.database.database; the reason stands in the server's error log as a state; 58 means Windows "
    "authentication only",
    "de databank van Passwordstate weigert de aanmelding: controleer het item passwordstate.database.entry en de naam "
    "passwordstate.database.database; de reden staat als state in het foutenlogboek van de server; 58 betekent alleen "
    "Windows-verificatie",
    "la base de données de Passwordstate refuse la connexion : vérifiez l'entrée passwordstate.database.entry et le "
    "nom passwordstate.database.database ; la raison figure comme « state » dans le journal d'erreurs du serveur ; 58 "
    "signifie authentification Windows uniquement",
)
QUERY_REFUSED = ReasonKind(
    "database-query-refused",
    "the Passwordstate database refuses the query ({what}): check passwordstate.database.query and the log-in's rights",
    "de databank van Passwordstate weigert de query ({what}): controleer passwordstate.database.query en de rechten "
    "van de aanmelding",
    "la base de données de Passwordstate refuse la requête ({what}) : vérifiez passwordstate.database.query et les "
    "droits du compte",
)
QUERY_NOT_ALLOWED = ReasonKind("database-not-allowed", "not allowed", "niet toegelaten", "non autorisé")
NO_DOCUMENT_ID = ReasonKind(
    "database-no-document-id",
    "the Passwordstate database: the first column of the query must be DocumentID, a whole number",
    "de databank van Passwordstate: de eerste kolom van de query moet DocumentID zijn, een geheel getal",
    "la base de données de Passwordstate : la première colonne de la requête doit être DocumentID, un nombre entier",
)
ODD_ENTRY = ReasonKind("passwordstate-odd-entry", "{entry} {problem}", "{entry} {problem}", "{entry} {problem}")
ENTRY = ReasonKind("passwordstate-entry", "entry {number}", "item {number}", "l'entrée {number}")
ENTRY_AT = ReasonKind(
    "passwordstate-entry-at",
    "the entry in position {position} of the answer",
    "het item op plaats {position} van het antwoord",
    "l'entrée à la position {position} de la réponse",
)
NO_OBJECT = ReasonKind("passwordstate-no-object", "is no object", "is geen object", "n'est pas un objet")
NO_TITLE = ReasonKind(
    "passwordstate-no-title",
    "has a Title that is no text",
    "heeft een Title die geen tekst is",
    "a un Title qui n'est pas un texte",
)
NO_NUMBER = ReasonKind(
    "passwordstate-no-number", "has no usable {name}", "heeft geen bruikbare {name}", "n'a pas de {name} utilisable"
)
ERROR_UNDER_200 = ReasonKind(
    "passwordstate-error-under-200",
    "{system} answered an error under status 200",
    "{system} antwoordde een fout onder status 200",
    "{system} a répondu par une erreur sous le statut 200",
)
WITH_ERROR = ReasonKind("passwordstate-with-error", "200 with an error", "200 met een fout", "200 avec une erreur")
ODD_ROW = ReasonKind(
    "database-odd-row",
    "row {row} for entry {entry} has no usable DocumentID",
    "rij {row} voor item {entry} heeft geen bruikbare DocumentID",
    "la ligne {row} pour l'entrée {entry} n'a pas de DocumentID utilisable",
)
NO_USERNAME = ReasonKind(
    "passwordstate-no-username",
    "the entry {title} ({entry}) has a UserName that is no text",
    "het item {title} ({entry}) heeft een UserName die geen tekst is",
    "l'entrée {title} ({entry}) a un UserName qui n'est pas un texte",
)
NO_PASSWORD = ReasonKind(
    "passwordstate-no-password",
    "the entry {title} ({entry}) has a Password that is no text",
    "het item {title} ({entry}) heeft een Password dat geen tekst is",
    "l'entrée {title} ({entry}) a un Password qui n'est pas un texte",
)
PASSED_OVER = ReasonKind(
    "passwordstate-passed-over",
    "passed over in the vault",
    "overgeslagen in de kluis",
    "laissé de côté dans le coffre",
)
AND_MORE = ReasonKind(
    "passwordstate-and-more", "{shown}, and {more} more", "{shown}, en nog {more}", "{shown}, et {more} de plus"
)
