"""What a scan says of a credential that no guard refuses, in the words of each language."""

from spentkey.core.reason import ReasonKind

SCAN_REMOVABLE = ReasonKind(
    "scan-removable",
    "it ended on {end}, and no guard stands in the way of its removal",
    "ze eindigde op {end}, en geen enkele controle staat haar verwijdering in de weg",
    "il a pris fin le {end}, et aucun contrôle ne s'oppose à sa suppression",
)
SCAN_BY_PATCH = ReasonKind(
    "scan-removable-by-patch",
    "it ended on {end}, and the list of certificates may be written without it",
    "ze eindigde op {end}, en de lijst van certificaten mag zonder haar geschreven worden",
    "il a pris fin le {end}, et la liste des certificats peut être écrite sans lui",
)
SCAN_NEEDS_SIGNER = ReasonKind(
    "scan-needs-signer",
    "it ended on {end}; {signers} is registered and valid, so its removal can be signed where the vault has that key",
    "ze eindigde op {end}; {signers} is geregistreerd en geldig: haar verwijdering kan ondertekend worden als de kluis die "
    "sleutel heeft",
    "il a pris fin le {end} ; {signers} est enregistré et valide : sa suppression peut être signée si le coffre possède cette "
    "clé",
)
SCAN_NO_SIGNER = ReasonKind(
    "scan-no-signer",
    "it ended on {end}, and no certificate that is registered on the application may sign its removal",
    "ze eindigde op {end}, en geen enkel certificaat dat op de applicatie geregistreerd is, mag haar verwijdering ondertekenen",
    "il a pris fin le {end}, et aucun certificat enregistré sur l'application ne peut signer sa suppression",
)
SCAN_UNREADABLE = ReasonKind(
    "scan-unreadable",
    "the key id of {where} cannot be read, so no request can name it",
    "de sleutel-id van {where} is onleesbaar; geen enkele aanvraag kan ze noemen",
    "l'identifiant de clé de {where} est illisible ; aucune demande ne peut le nommer",
)
LIST_ENDED = ReasonKind(
    "scan-list-ended",
    "the list of {list} ended after {pages} pages: {why}",
    "de lijst van {list} eindigde na {pages} pagina's: {why}",
    "la liste de {list} s'est arrêtée après {pages} pages : {why}",
)
LIST_UNSTEADY = ReasonKind(
    "scan-list-unsteady",
    "{list} were listed twice and not the same ones: {listed} in all, and the directory counts {count}",
    "{list}: twee lezingen toonden niet dezelfde; samen {listed}, en de directory telt er {count}",
    "{list} : deux lectures n'ont pas montré les mêmes ; {listed} en tout, et l'annuaire en compte {count}",
)
LIST_CHANGED = ReasonKind(
    "scan-list-changed",
    "{objects} objects were listed twice and had other credentials the second time, which is what counts",
    "{objects} objecten stonden er tweemaal in en hadden de tweede keer andere credentials; die tellen",
    "{objects} objets ont été listés deux fois, avec d'autres identifiants la seconde fois : c'est celle-ci qui compte",
)
LIST_DIFFERS = ReasonKind(
    "scan-list-differs",
    "{list} were listed twice, the same {listed} each time, and the directory counts {count}; its counter may lag behind",
    "{list}: twee lezingen toonden dezelfde {listed}, en de directory telt er {count}; haar teller kan achterlopen",
    "{list} : deux lectures ont montré les mêmes {listed}, et l'annuaire en compte {count} ; son compteur peut retarder",
)
LIST_COUNTS_LESS = ReasonKind(
    "scan-list-counts-less",
    "{listed} {list} were listed and the directory counts {count}; its counter may lag behind",
    "{listed} {list} stonden in de lijst en de directory telt er {count}; haar teller kan achterlopen",
    "{listed} {list} ont été listés et l'annuaire en compte {count} ; son compteur peut retarder",
)
LIST_SHORT = ReasonKind(
    "scan-list-short",
    "{listed} {list} were listed and the directory counts {count}: a page may be missing",
    "{listed} {list} stonden in de lijst en de directory telt er {count}: er kan een pagina ontbreken",
    "{listed} {list} ont été listés et l'annuaire en compte {count} : une page peut manquer",
)
