"""What sign-in and Microsoft Graph refuse or leave open, in the words of each language."""

from spentkey.core.reason import ReasonKind

SIGN_IN_AS = ReasonKind(
    "sign-in-as",
    "sign-in as {client} in tenant {tenant}",
    "de aanmelding als {client} in tenant {tenant}",
    "la connexion en tant que {client} dans le tenant {tenant}",
)
SIGN_IN_REFUSED = ReasonKind(
    "sign-in-refused",
    "{who} was refused: {cause} (AADSTS{number})",
    "{who} werd geweigerd: {cause} (AADSTS{number})",
    "{who} a été refusée : {cause} (AADSTS{number})",
)
SIGN_IN_BROKE_OFF = ReasonKind(
    "sign-in-broke-off",
    "{who}: the answer broke off",
    "{who}: het antwoord brak af",
    "{who} : la réponse s'est interrompue",
)
SIGN_IN_NO_ANSWER = ReasonKind(
    "sign-in-no-answer", "{who}: no answer ({why})", "{who}: geen antwoord ({why})", "{who} : pas de réponse ({why})"
)
SIGN_IN_NO_TOKEN = ReasonKind(
    "sign-in-no-token",
    "{who}: the answer is not a token reply",
    "{who}: het antwoord bevat geen token",
    "{who} : la réponse ne contient pas de jeton",
)
SIGN_IN_ANSWERED = ReasonKind(
    "sign-in-answered", "{who}: answered {status}", "{who}: antwoord {status}", "{who} : réponse {status}"
)
SIGN_IN_HTML = ReasonKind(
    "sign-in-html",
    "{who}: answered with an HTML page ({status}) instead of JSON",
    "{who}: een HTML-pagina ({status}) in plaats van JSON als antwoord",
    "{who} : une page HTML ({status}) au lieu de JSON en réponse",
)
SIGN_IN_FOREIGN = ReasonKind(
    "sign-in-foreign",
    "{who}: the answer ({status}) is not one that Entra gives",
    "{who}: het antwoord ({status}) komt niet van Entra",
    "{who} : la réponse ({status}) ne vient pas d'Entra",
)
SIGN_IN_AWAY = ReasonKind(
    "sign-in-away",
    "{who}: Entra is away for the moment (AADSTS{number})",
    "{who}: Entra is momenteel niet beschikbaar (AADSTS{number})",
    "{who} : Entra est momentanément indisponible (AADSTS{number})",
)

_NO_FEDERATION = ReasonKind(
    "sign-in-no-federation",
    "no federated credential of the application fits the token: issuer, subject and audience must be the same, in the same "
    "case",
    "geen enkele federatieve referentie van de applicatie past bij het token: issuer, subject en audience moeten gelijk "
    "zijn, ook in hoofdletters",
    "aucune information d'identification fédérée de l'application ne correspond au jeton : issuer, subject et audience "
    "doivent être identiques, casse comprise",
)
_CONDITIONAL_ACCESS = ReasonKind(
    "sign-in-conditional-access",
    "conditional access blocks it: a policy for workload identities or locations applies to the application",
    "voorwaardelijke toegang blokkeert ze: op de applicatie is een beleid voor workloadidentiteiten of locaties van "
    "toepassing",
    "l'accès conditionnel la bloque : une stratégie pour les identités de charge de travail ou les emplacements "
    "s'applique à l'application",
)
CODE_ALONE = ReasonKind(
    "sign-in-code-alone",
    "Entra gave the code alone",
    "Entra gaf alleen de code",
    "Entra n'a donné que le code",
)
CAUSES = {
    "7000215": ReasonKind(
        "sign-in-secret-invalid",
        "the client secret is not valid",
        "het clientgeheim is niet geldig",
        "le secret client n'est pas valide",
    ),
    "7000222": ReasonKind(
        "sign-in-secret-expired",
        "the client secret has expired",
        "het clientgeheim is vervallen",
        "le secret client a expiré",
    ),
    "7000112": ReasonKind(
        "sign-in-application-disabled",
        "the application is disabled in that tenant",
        "de applicatie is in die tenant uitgeschakeld",
        "l'application est désactivée dans ce tenant",
    ),
    "7000214": ReasonKind(
        "sign-in-certificate-revoked",
        "the certificate has been revoked by its authority",
        "het certificaat is door zijn uitgever ingetrokken",
        "le certificat a été révoqué par son autorité",
    ),
    "7000229": ReasonKind(
        "sign-in-no-principal",
        "the application has no service principal in that tenant (az ad sp create --id AppID makes one)",
        "de applicatie heeft geen service principal in die tenant (az ad sp create --id AppID maakt er een aan)",
        "l'application n'a pas de principal de service dans ce tenant (az ad sp create --id AppID en crée un)",
    ),
    "700027": ReasonKind(
        "sign-in-certificate-unknown",
        "sign-in does not know the certificate, or takes it for expired; a new one becomes known within minutes",
        "de aanmelding kent het certificaat niet, of houdt het voor vervallen; een nieuw is binnen enkele minuten bekend",
        "la connexion ne connaît pas le certificat, ou le tient pour expiré ; un nouveau est connu en quelques minutes",
    ),
    "700024": ReasonKind(
        "sign-in-assertion-outside-its-time",
        "the client assertion is outside its time: the clock of this machine may be wrong",
        "de clientverklaring is buiten haar geldigheidsduur: mogelijk staat de klok van deze machine verkeerd",
        "l'assertion client est hors de sa période de validité : l'horloge de cette machine est peut-être fausse",
    ),
    "700016": ReasonKind(
        "sign-in-no-application",
        "the application does not exist in that tenant",
        "de applicatie bestaat niet in die tenant",
        "l'application n'existe pas dans ce tenant",
    ),
    "90002": ReasonKind(
        "sign-in-no-tenant", "the tenant does not exist", "de tenant bestaat niet", "le tenant n'existe pas"
    ),
    "50048": ReasonKind(
        "sign-in-other-client",
        "the client assertion names another client",
        "de clientverklaring noemt een andere client",
        "l'assertion client nomme un autre client",
    ),
    "50049": ReasonKind(
        "sign-in-other-cloud",
        "the authority does not know this instance: the address of sign-in is not the one of the tenant's cloud",
        "de autoriteit kent deze instantie niet: het aanmeldadres is niet dat van de cloud van de tenant",
        "l'autorité ne connaît pas cette instance : l'adresse de connexion n'est pas celle du cloud du tenant",
    ),
    "50196": ReasonKind(
        "sign-in-loop",
        "Entra counted too many equal requests in a row (a loop) and refuses for some minutes",
        "Entra telde te veel gelijke aanvragen na elkaar (een lus) en weigert enkele minuten",
        "Entra a compté trop de demandes identiques de suite (une boucle) et refuse pendant quelques minutes",
    ),
    "70021": _NO_FEDERATION,
    "70025": _NO_FEDERATION,
    "700211": _NO_FEDERATION,
    "700212": _NO_FEDERATION,
    "700213": _NO_FEDERATION,
    "7002137": _NO_FEDERATION,
    "7002138": _NO_FEDERATION,
    "53003": _CONDITIONAL_ACCESS,
    "530003": _CONDITIONAL_ACCESS,
    "500011": ReasonKind(
        "sign-in-no-graph",
        "the tenant does not know Microsoft Graph under the address that is configured",
        "de tenant kent Microsoft Graph niet onder het geconfigureerde adres",
        "le tenant ne connaît pas Microsoft Graph à l'adresse configurée",
    ),
    "650052": ReasonKind(
        "sign-in-no-subscription",
        "the tenant has no subscription to the service, or has not enabled it",
        "de tenant heeft geen abonnement op de dienst, of heeft die niet ingeschakeld",
        "le tenant n'a pas d'abonnement au service, ou ne l'a pas activé",
    ),
}
"""Plain causes by AADSTS number (learn.microsoft.com/entra/identity-platform/reference-error-codes)."""

NO_CLIENT_ID = ReasonKind(
    "entry-no-client-id",
    "the entry {title} has no client id (a UUID) as its UserName",
    "het item {title} heeft geen client-id (een UUID) als UserName",
    "l'entrée {title} n'a pas d'identifiant client (un UUID) comme UserName",
)
NO_CLIENT_SECRET = ReasonKind(
    "entry-no-client-secret",
    "the entry {title} has no client secret as its Password",
    "het item {title} heeft geen clientgeheim als Password",
    "l'entrée {title} n'a pas de secret client comme Password",
)
TOKEN_UNREADABLE = ReasonKind(
    "token-unreadable",
    "the access token cannot be decoded, so it allows no write",
    "het toegangstoken kan niet gelezen worden en laat dus geen wijziging toe",
    "le jeton d'accès ne peut pas être décodé et ne permet donc aucune modification",
)
TOKEN_REFUSED = ReasonKind(
    "token-refused",
    "{system} refuses a fresh access token ({what})",
    "{system} weigert een nieuw toegangstoken ({what})",
    "{system} refuse un nouveau jeton d'accès ({what})",
)

CERTIFICATE_CANNOT_SIGN = ReasonKind(
    "proof-certificate-cannot-sign",
    "the certificate in {document} cannot sign: {why}",
    "het certificaat in {document} kan niet ondertekenen: {why}",
    "le certificat dans {document} ne peut pas signer : {why}",
)
CANNOT_SIGN_PROOF = ReasonKind(
    "proof-cannot-be-signed",
    "the certificate cannot sign a proof: {why}",
    "het certificaat kan geen bewijs ondertekenen: {why}",
    "le certificat ne peut pas signer de preuve : {why}",
)
NOT_VALID_NOW = ReasonKind(
    "proof-certificate-not-valid-now",
    "the certificate is not valid now",
    "het certificaat is nu niet geldig",
    "le certificat n'est pas valide en ce moment",
)
KEY_OF_ANOTHER = ReasonKind(
    "proof-key-of-another",
    "the private key does not belong to the certificate",
    "de private sleutel hoort niet bij het certificaat",
    "la clé privée ne correspond pas au certificat",
)
SAYS_OTHERWISE = ReasonKind(
    "proof-says-otherwise",
    "the token does not say what was signed",
    "het token bevat niet wat ondertekend werd",
    "le jeton ne contient pas ce qui a été signé",
)

NOT_SIGNED_IN = ReasonKind(
    "not-signed-in-as-application",
    "not signed in as the application",
    "niet aangemeld als de applicatie",
    "non connecté en tant que l'application",
)
NOT_ONCE_IN_LIST = ReasonKind(
    "not-once-in-list",
    "the certificate does not stand exactly once in the list",
    "het certificaat staat niet precies één keer in de lijst",
    "le certificat ne figure pas exactement une fois dans la liste",
)
REPLY_LOST = ReasonKind(
    "reply-lost",
    "the reply was lost ({why})",
    "het antwoord ging verloren ({why})",
    "la réponse a été perdue ({why})",
)

ACCEPTED = ReasonKind("graph-accepted", "204 No Content", "204 No Content", "204 No Content")
GRAPH_UNCLEAR = ReasonKind(
    "graph-unclear",
    "Graph answered {status}, which does not say whether the credential was removed",
    "Graph antwoordde {status}, wat niet zegt of de credential verwijderd is",
    "Graph a répondu {status}, ce qui ne dit pas si l'identifiant a été supprimé",
)
WITHOUT_CODE = ReasonKind(
    "graph-without-code",
    "{status} without a code of Graph's, which does not say whether the credential was removed",
    "{status} zonder een code van Graph, wat niet zegt of de credential verwijderd is",
    "{status} sans code de Graph, ce qui ne dit pas si l'identifiant a été supprimé",
)
NO_LONGER_FOUND = ReasonKind(
    "graph-no-longer-found",
    "Graph no longer finds the credential",
    "Graph vindt de credential niet meer",
    "Graph ne trouve plus l'identifiant",
)
PROOF_REJECTED = ReasonKind(
    "graph-proof-rejected",
    'Graph rejected the proof of possession (it says "Access Token missing or malformed", but means the proof: '
    "its audience, issuer, time or signature, or a certificate that it does not know yet)",
    'Graph weigerde het bezitsbewijs (het zegt "Access Token missing or malformed", maar bedoelt het bewijs: '
    "doelgroep, uitgever, tijd of handtekening ervan, of een certificaat dat het nog niet kent)",
    "Graph a rejeté la preuve de possession (il dit « Access Token missing or malformed », mais vise la preuve : "
    "son audience, son émetteur, sa date ou sa signature, ou un certificat qu'il ne connaît pas encore)",
)
FORBIDDEN_ITSELF = ReasonKind(
    "graph-forbidden-itself",
    "Graph refuses the application {app_id}, which asked with its own token, to remove its certificate ({what}): "
    "grant it Application.ReadWrite.OwnedBy and make it its own owner, or let the automation do it: "
    'policy.certificate_fallback = "patch"',
    "Graph staat de applicatie {app_id}, die met haar eigen token vroeg, niet toe haar certificaat te verwijderen "
    "({what}): geef haar Application.ReadWrite.OwnedBy en maak haar eigenaar van zichzelf, of laat het de "
    'automatisering doen: policy.certificate_fallback = "patch"',
    "Graph refuse à l'application {app_id}, qui l'a demandé avec son propre jeton, de supprimer son certificat "
    "({what}) : accordez-lui Application.ReadWrite.OwnedBy et rendez-la propriétaire d'elle-même, ou laissez "
    'l\'automatisation le faire : policy.certificate_fallback = "patch"',
)
FORBIDDEN = ReasonKind(
    "graph-forbidden",
    "Graph refuses to change this application ({what}): the automation needs "
    "Application.ReadWrite.All, or to own the application with Application.ReadWrite.OwnedBy",
    "Graph weigert deze applicatie te wijzigen ({what}): de automatisering heeft Application.ReadWrite.All nodig, of "
    "moet met Application.ReadWrite.OwnedBy eigenaar van de applicatie zijn",
    "Graph refuse de modifier cette application ({what}) : l'automatisation a besoin de Application.ReadWrite.All, ou "
    "doit être propriétaire de l'application avec Application.ReadWrite.OwnedBy",
)
NO_APPLICATION = ReasonKind(
    "graph-no-application",
    "Graph did not find the application, which it had just shown ({what})",
    "Graph vond de applicatie niet, die het net nog toonde ({what})",
    "Graph n'a pas trouvé l'application, qu'il venait de montrer ({what})",
)
AT_ODDS = ReasonKind(
    "graph-at-odds",
    "Graph was at odds with another write ({what})",
    "Graph botste met een andere wijziging ({what})",
    "Graph était en conflit avec une autre modification ({what})",
)
REFUSED = ReasonKind(
    "graph-refused",
    "Graph refused the request ({what})",
    "Graph weigerde de aanvraag ({what})",
    "Graph a refusé la demande ({what})",
)

READ_WITHOUT_CODE = ReasonKind(
    "graph-read-without-code",
    "{system} answered {status} without a code of its own to a read",
    "{system} antwoordde {status} zonder eigen code op een lezing",
    "{system} a répondu {status} sans code propre à une lecture",
)
READ_ANSWERED = ReasonKind(
    "graph-read-answered",
    "{system} answered {what} to a read",
    "{system} antwoordde {what} op een lezing",
    "{system} a répondu {what} à une lecture",
)
READ_REFUSED = ReasonKind(
    "graph-read-refused",
    "{system} refuses {what} ({shown}): Application.Read.All is needed",
    "{system} weigert {what} ({shown}): Application.Read.All is nodig",
    "{system} refuse {what} ({shown}) : Application.Read.All est nécessaire",
)
A_READ = ReasonKind("a-read", "a read", "een lezing", "une lecture")
TO_SHOW = ReasonKind("to-show", "to show the {part}", "{part} te tonen", "de montrer {part}")
BATCH_ANSWERED = ReasonKind(
    "graph-batch-answered",
    "{system} answered {status} to a batch of reads",
    "{system} antwoordde {status} op een reeks lezingen",
    "{system} a répondu {status} à un lot de lectures",
)
BATCH_EMPTY = ReasonKind(
    "graph-batch-empty",
    "{system} answered a batch without responses",
    "{system} antwoordde een reeks zonder antwoorden",
    "{system} a répondu par un lot sans réponses",
)
BATCH_INCOMPLETE = ReasonKind(
    "graph-batch-incomplete",
    "{system} answered a batch without the part {part}",
    "{system} antwoordde een reeks zonder het deel {part}",
    "{system} a répondu par un lot sans la partie {part}",
)
UNREADABLE_ANSWER = ReasonKind(
    "graph-unreadable", "{system} answered {what}", "{system} antwoordde {what}", "{system} a répondu par {what}"
)
WITHOUT_LIST = ReasonKind(
    "object-without-list",
    "an object without the list {name}",
    "een object zonder de lijst {name}",
    "un objet sans la liste {name}",
)
NO_USABLE = ReasonKind(
    "application-unreadable",
    "the application is there, but {system} shows it without a usable {field}, so it can be neither judged nor changed",
    "de applicatie is er, maar {system} toont ze zonder bruikbare {field}, dus kan ze niet beoordeeld of gewijzigd worden",
    "l'application est là, mais {system} la montre sans {field} utilisable : elle ne peut être ni jugée ni modifiée",
)
UNREADABLE_ENTRY = ReasonKind(
    "unreadable-entry-sent-again",
    "an entry that cannot be read would have to be sent again",
    "een ingang die niet gelezen kan worden zou opnieuw verstuurd moeten worden",
    "une entrée illisible devrait être renvoyée",
)
LOG_NOT_GRANTED = ReasonKind(
    "audit-log-not-granted", "{role} is not granted", "{role} is niet toegekend", "{role} n'est pas accordé"
)
LOG_TOO_OFTEN = ReasonKind(
    "audit-log-too-often",
    "it may be asked only a few times in ten seconds",
    "het mag maar enkele keren per tien seconden bevraagd worden",
    "il ne peut être interrogé que quelques fois en dix secondes",
)
LOG_ANSWERED = ReasonKind(
    "audit-log-answered",
    "{system} answered {status} to a read of the audit log",
    "{system} antwoordde {status} op een lezing van het auditlogboek",
    "{system} a répondu {status} à une lecture du journal d'audit",
)
NO_EVENT_YET = ReasonKind(
    "audit-log-no-event",
    "no event of the audit log shows the removal so far",
    "geen gebeurtenis in het auditlogboek toont de verwijdering tot nu toe",
    "aucun événement du journal d'audit ne montre la suppression jusqu'ici",
)
NO_LIST_EVENT_YET = ReasonKind(
    "audit-log-no-list-event",
    "no event of the audit log shows the written list so far",
    "geen gebeurtenis in het auditlogboek toont de geschreven lijst tot nu toe",
    "aucun événement du journal d'audit ne montre la liste écrite jusqu'ici",
)
BY_APPLICATION = ReasonKind(
    "audit-log-by-application",
    "initiated by the application {app_id}",
    "gestart door de applicatie {app_id}",
    "lancé par l'application {app_id}",
)
BY = ReasonKind("audit-log-by", "initiated by {actor}", "gestart door {actor}", "lancé par {actor}")
BY_SOMEBODY = ReasonKind(
    "audit-log-by-somebody", "initiated by somebody else", "gestart door iemand anders", "lancé par quelqu'un d'autre"
)
TOO_MANY_EVENTS = ReasonKind(
    "audit-log-too-many-events",
    "more events than are looked through",
    "er zijn meer gebeurtenissen dan er doorzocht worden",
    "il y a plus d'événements qu'il n'en est parcouru",
)
MORE_WENT = ReasonKind(
    "audit-log-more-went",
    "more than the planned certificate went",
    "er verdween meer dan het geplande certificaat",
    "il a disparu plus que le certificat prévu",
)
LISTS_UNREADABLE = ReasonKind(
    "audit-log-lists-unreadable",
    "the lists in an event of ours cannot be read",
    "de lijsten in een gebeurtenis van ons kunnen niet gelezen worden",
    "les listes d'un de nos événements sont illisibles",
)
