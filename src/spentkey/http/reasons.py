"""Why a system gave no usable answer, in the words of each language."""

from spentkey.core.reason import ReasonKind

NO_ANSWER = ReasonKind(
    "no-answer",
    "{system} did not answer ({why})",
    "{system} antwoordde niet ({why})",
    "{system} n'a pas répondu ({why})",
)
TIME_OUT = ReasonKind("time-out", "time-out", "tijdslimiet overschreden", "délai dépassé")
ANSWERED = ReasonKind(
    "answered", "{system} answered {status}", "{system} antwoordde {status}", "{system} a répondu {status}"
)
TLS_REFUSED = ReasonKind(
    "tls-refused",
    "{system}: the TLS connection was refused ({why})",
    "{system}: de TLS-verbinding werd geweigerd ({why})",
    "{system} : la connexion TLS a été refusée ({why})",
)
REDIRECT = ReasonKind(
    "redirect",
    "{system} answered with a redirect, which is not followed",
    "{system} antwoordde met een doorverwijzing, die niet gevolgd wordt",
    "{system} a répondu par une redirection, qui n'est pas suivie",
)
HTML_PAGE = ReasonKind(
    "html-page",
    "{system} answered with an HTML page instead of JSON",
    "{system} antwoordde met een HTML-pagina in plaats van JSON",
    "{system} a répondu par une page HTML au lieu de JSON",
)
NOT_JSON = ReasonKind(
    "not-json",
    "{system} answered something that is not JSON",
    "{system} antwoordde iets dat geen JSON is",
    "{system} a répondu quelque chose qui n'est pas du JSON",
)
TOO_LARGE = ReasonKind(
    "answer-too-large",
    "{system} answered more than {most} MB",
    "{system} antwoordde meer dan {most} MB",
    "{system} a répondu plus de {most} Mo",
)
TOO_MANY_VALUES = ReasonKind(
    "answer-too-many-values",
    "{system} answered JSON of more than {most} values",
    "{system} antwoordde JSON van meer dan {most} waarden",
    "{system} a répondu du JSON de plus de {most} valeurs",
)
NO_JSON_OBJECT = ReasonKind(
    "no-json-object",
    "{system} answered JSON that is not an object",
    "{system} antwoordde JSON die geen object is",
    "{system} a répondu du JSON qui n'est pas un objet",
)
REFUSED_AFTER_EFFECT = ReasonKind(
    "refused-after-effect",
    "{system} refused a write that it had applied",
    "{system} weigerde een wijziging die al was doorgevoerd",
    "{system} a refusé une modification déjà effectuée",
)
LONG_HEADER = ReasonKind(
    "long-header",
    "a header of its answer is too long",
    "een header van het antwoord is te lang",
    "un en-tête de sa réponse est trop long",
)
HOST_UNKNOWN = ReasonKind(
    "host-unknown",
    "DNS gives no address for {host}",
    "DNS geeft geen adres voor {host}",
    "le DNS ne donne aucune adresse pour {host}",
)
PORT_CLOSED = ReasonKind(
    "port-closed",
    "nothing listens on {host}, port {port}",
    "op {host}, poort {port}, luistert niets",
    "rien n'écoute sur {host}, port {port}",
)
UNREACHABLE = ReasonKind(
    "unreachable",
    "there is no way to {host} in the network",
    "er is geen weg naar {host} in het netwerk",
    "aucun chemin ne mène à {host} sur le réseau",
)
CONNECTION_CLOSED = ReasonKind(
    "connection-closed",
    "the connection was closed before the whole answer came",
    "de verbinding werd verbroken voor het hele antwoord er was",
    "la connexion a été fermée avant la fin de la réponse",
)
NOT_TRUSTED = ReasonKind(
    "not-trusted",
    "no authority that is trusted here signed the certificate of {host}; {setting} names the file of another one",
    "geen instantie die hier vertrouwd wordt ondertekende het certificaat van {host}; {setting} noemt het bestand van een "
    "andere",
    "aucune autorité approuvée ici n'a signé le certificat de {host} ; {setting} nomme le fichier d'une autre",
)
OTHER_CERTIFICATE = ReasonKind(
    "other-certificate",
    "the certificate of {host} does not serve: {why}",
    "het certificaat van {host} voldoet niet: {why}",
    "le certificat de {host} ne convient pas : {why}",
)
NO_TLS = ReasonKind(
    "no-tls",
    "no TLS connection could be agreed on with {host}, port {port}; does it speak TLS 1.2 or later there?",
    "met {host}, poort {port}, kwam geen TLS-verbinding tot stand; spreekt het daar TLS 1.2 of later?",
    "aucune connexion TLS n'a pu être établie avec {host}, port {port} ; y parle-t-il TLS 1.2 ou ultérieur ?",
)
