"""What is wrong with the automation's own certificate, token or identity, in the words of each language."""

from spentkey.core.reason import ReasonKind

FILE_UNREADABLE = ReasonKind(
    "own-file-unreadable",
    "{path} cannot be read ({why})",
    "{path} kan niet gelezen worden ({why})",
    "{path} ne peut pas être lu ({why})",
)
FILE_NOT_PLAIN = ReasonKind(
    "own-file-not-plain", "{path} is not a plain file", "{path} is geen gewoon bestand", "{path} n'est pas un fichier"
)
FILE_WRITABLE = ReasonKind(
    "own-file-writable",
    "{path} can be written by other accounts",
    "andere accounts kunnen {path} schrijven",
    "d'autres comptes peuvent écrire {path}",
)
FILE_OPEN_TO_OTHERS = ReasonKind(
    "own-file-open",
    "{path} can be read by every account: chmod 0600 it",
    "elk account kan {path} lezen: geef het modus 0600",
    "tout compte peut lire {path} : donnez-lui le mode 0600",
)
FILE_OTHER_ACCOUNT = ReasonKind(
    "own-file-other-account",
    "{path} belongs to another account",
    "{path} is van een ander account",
    "{path} appartient à un autre compte",
)
FILE_LARGE = ReasonKind(
    "own-file-large",
    "{path} is larger than {most} bytes",
    "{path} is groter dan {most} bytes",
    "{path} dépasse {most} octets",
)
CERTIFICATE_UNUSABLE = ReasonKind(
    "own-certificate-unusable",
    "the automation's own certificate cannot be used: {document}: {why}",
    "het eigen certificaat van de automatisering is niet bruikbaar: {document}: {why}",
    "le propre certificat de l'automate est inutilisable : {document} : {why}",
)
CERTIFICATE_ENDED = ReasonKind(
    "own-certificate-ended",
    "the automation's own certificate in {document} ended on {end}: register a new one and put it in its place",
    "het eigen certificaat van de automatisering in {document} is vervallen op {end}: registreer een nieuw en zet het op "
    "die plaats",
    "le propre certificat de l'automate dans {document} a expiré le {end} : enregistrez-en un nouveau et mettez-le à sa "
    "place",
)
CERTIFICATE_EARLY = ReasonKind(
    "own-certificate-early",
    "the automation's own certificate in {document} is not valid before {start}",
    "het eigen certificaat van de automatisering in {document} is niet geldig voor {start}",
    "le propre certificat de l'automate dans {document} n'est pas valide avant le {start}",
)
TOKEN_NOT_ONE = ReasonKind(
    "own-token-not-one",
    "{path} holds no token (a JWT), so nothing of it was sent",
    "{path} bevat geen token (JWT); er is niets van verstuurd",
    "{path} ne contient pas de jeton (JWT) ; rien n'en a été envoyé",
)
TOKEN_ENDED = ReasonKind(
    "own-token-ended",
    "the token in {path} ended on {end} (UTC), so it was not sent: whatever renews that file has stopped",
    "het token in {path} is vervallen op {end} (UTC) en is niet verstuurd: wat dat bestand vernieuwt, is gestopt",
    "le jeton dans {path} a expiré le {end} (UTC) et n'a pas été envoyé : ce qui renouvelle ce fichier s'est arrêté",
)
IDENTITY_REFUSED = ReasonKind(
    "managed-identity-refused",
    "the managed identity gets no token ({status}): no such identity is assigned to this machine",
    "de beheerde identiteit krijgt geen token ({status}): er is geen zulke identiteit aan deze machine toegewezen",
    "l'identité managée n'obtient pas de jeton ({status}) : aucune identité de ce genre n'est affectée à cette machine",
)
IDENTITY_NO_TOKEN = ReasonKind(
    "managed-identity-no-token",
    "the managed identity's endpoint answered something that is not a token",
    "het eindpunt van de beheerde identiteit antwoordde iets dat geen token is",
    "le point de terminaison de l'identité managée a répondu autre chose qu'un jeton",
)
