"""Why a file or a key of the vault gives no signer, in the words of each language; `core.pfx` and `core.signer` find it."""

from spentkey.core.reason import ReasonKind

NOT_RSA = ReasonKind(
    "pfx-not-rsa", "the key is not an RSA key", "de sleutel is geen RSA-sleutel", "la clé n'est pas une clé RSA"
)
NO_PFX = ReasonKind(
    "pfx-unreadable",
    "the file is not a readable PFX (PKCS#12) file",
    "het bestand is geen leesbaar PFX-bestand (PKCS#12)",
    "le fichier n'est pas un fichier PFX (PKCS#12) lisible",
)
LOCKED = ReasonKind(
    "pfx-locked",
    "no password at hand opens the file{untried}",
    "geen van de beschikbare wachtwoorden opent het bestand{untried}",
    "aucun des mots de passe disponibles n'ouvre le fichier{untried}",
)
TRIED_AS_IT_IS = ReasonKind(
    "pfx-tried-as-it-is",
    " (each was tried only as it is: the file asks for {rounds} key-derivation rounds)",
    " (elk wachtwoord is alleen geprobeerd zoals het is: het bestand vraagt {rounds} rondes sleutelafleiding)",
    " (chacun n'a été essayé que tel quel : le fichier demande {rounds} itérations de dérivation de clé)",
)
TRIED_IN_FORMS = ReasonKind(
    "pfx-tried-in-forms",
    " (each was tried in {forms} forms at most: the file asks for {rounds} key-derivation rounds)",
    " (elk wachtwoord is in hoogstens {forms} vormen geprobeerd: het bestand vraagt {rounds} rondes sleutelafleiding)",
    " (chacun a été essayé sous {forms} formes au plus : le fichier demande {rounds} itérations de dérivation de clé)",
)
NO_PAIR = ReasonKind(
    "pfx-no-pair",
    "the file holds no private key with its certificate",
    "het bestand bevat geen private sleutel met bijbehorend certificaat",
    "le fichier ne contient aucune clé privée avec son certificat",
)
TOO_LARGE = ReasonKind(
    "pfx-too-large",
    "the file is larger than {most} bytes",
    "het bestand is groter dan {most} bytes",
    "le fichier dépasse {most} octets",
)
TOO_COSTLY = ReasonKind(
    "pfx-too-costly",
    "the file asks for {rounds} key-derivation rounds, which is refused",
    "het bestand vraagt {rounds} rondes sleutelafleiding, wat geweigerd wordt",
    "le fichier demande {rounds} itérations de dérivation de clé, ce qui est refusé",
)
TOO_SHORT = ReasonKind(
    "pfx-key-too-short",
    "the RSA key has {bits} bits, which is too short to sign",
    "de RSA-sleutel heeft {bits} bits, wat te kort is om te ondertekenen",
    "la clé RSA compte {bits} bits, ce qui est trop court pour signer",
)
TOO_LONG = ReasonKind(
    "pfx-key-too-long",
    "the RSA key has {bits} bits, and at most {most} are used",
    "de RSA-sleutel heeft {bits} bits, en hoogstens {most} worden gebruikt",
    "la clé RSA compte {bits} bits, et {most} au plus sont utilisés",
)
BEYOND_LIMITS = ReasonKind(
    "pfx-beyond-limits",
    "the file could not be opened within its limits of {seconds} s and {megabytes} MB",
    "het bestand kon niet geopend worden binnen zijn grenzen van {seconds} s en {megabytes} MB",
    "le fichier n'a pas pu être ouvert dans ses limites de {seconds} s et {megabytes} Mo",
)
CANNOT_START = ReasonKind(
    "pfx-child-cannot-start",
    "the process that opens PFX files cannot be started ({why})",
    "het proces dat PFX-bestanden opent, kan niet gestart worden ({why})",
    "le processus qui ouvre les fichiers PFX ne peut pas être démarré ({why})",
)
SOME_UNREAD = ReasonKind(
    "pfx-some-unread",
    "of {count} private keys in the file, {readable} can be read",
    "van de {count} private sleutels in het bestand zijn er {readable} leesbaar",
    "sur les {count} clés privées du fichier, {readable} peuvent être lues",
)
MANY_UNREAD = ReasonKind(
    "pfx-many-unread",
    "of more than {most} private keys in the file, {readable} can be read",
    "van de meer dan {most} private sleutels in het bestand zijn er {readable} leesbaar",
    "sur plus de {most} clés privées dans le fichier, {readable} peuvent être lues",
)

NO_KEY = ReasonKind(
    "signer-no-key",
    "the certificate is registered on the application, but the file has no private key of it that can be read",
    "het certificaat is op de applicatie geregistreerd, maar het bestand bevat er geen leesbare private sleutel van",
    "le certificat est enregistré sur l'application, mais le fichier n'en contient aucune clé privée lisible",
)
NOT_REGISTERED = ReasonKind(
    "signer-not-registered",
    "the certificate is not registered on the application",
    "het certificaat is niet op de applicatie geregistreerd",
    "le certificat n'est pas enregistré sur l'application",
)
NOT_VALID_NOW = ReasonKind(
    "signer-not-valid-now",
    "the certificate is not valid now (it ends {end})",
    "het certificaat is nu niet geldig (het eindigt op {end})",
    "le certificat n'est pas valide en ce moment (il se termine le {end})",
)
CANNOT_SIGN = ReasonKind(
    "signer-cannot-sign",
    "the certificate is registered as {registered}, which cannot sign",
    "het certificaat is geregistreerd als {registered}, waarmee niet ondertekend kan worden",
    "le certificat est enregistré comme {registered}, ce qui ne permet pas de signer",
)
REGISTRATION_EXPIRED = ReasonKind(
    "signer-registration-expired",
    "the certificate's registration on the application has expired",
    "de registratie van het certificaat op de applicatie is vervallen",
    "l'enregistrement du certificat sur l'application a expiré",
)
CERTIFICATE_IN = ReasonKind(
    "certificate-in",
    "{document}, certificate {thumbprint}",
    "{document}, certificaat {thumbprint}",
    "{document}, certificat {thumbprint}",
)
