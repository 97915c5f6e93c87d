"""Why a list of Microsoft Graph was not read whole, in the words of each language."""

from spentkey.core.reason import ReasonKind

PAGE_NOT_HAD = ReasonKind(
    "list-page-not-had",
    "page {page} of {path} could not be read: {why}",
    "pagina {page} van {path} kon niet gelezen worden: {why}",
    "la page {page} de {path} n'a pas pu être lue : {why}",
)
LINK_EXPIRED = ReasonKind(
    "list-link-expired",
    "{system} answered {what}: the link to this page is too old, so the list must be read from its beginning",
    "{system} antwoordde {what}: de link naar deze pagina is te oud, dus moet de lijst vanaf het begin gelezen worden",
    "{system} a répondu {what} : le lien vers cette page est trop ancien, la liste doit donc être relue depuis le début",
)
PAGE_WITHOUT_LIST = ReasonKind(
    "list-page-without-list",
    "{system} answered a page without a list of objects",
    "{system} antwoordde een pagina zonder lijst van objecten",
    "{system} a répondu une page sans liste d'objets",
)
PAGE_ODD_LINK = ReasonKind(
    "list-page-odd-link",
    "{system} answered a page whose link to the next one is no text",
    "{system} antwoordde een pagina waarvan de link naar de volgende geen tekst is",
    "{system} a répondu une page dont le lien vers la suivante n'est pas un texte",
)
LINK_ELSEWHERE = ReasonKind(
    "list-link-elsewhere",
    "after page {page} of {path} the link leads to another host or another list, and was not followed",
    "na pagina {page} van {path} leidt de link naar een andere host of een andere lijst; hij werd niet gevolgd",
    "après la page {page} de {path}, le lien mène à un autre hôte ou à une autre liste ; il n'a pas été suivi",
)
LINK_IN_CIRCLE = ReasonKind(
    "list-link-in-circle",
    "after page {page} of {path} the link leads back to a page that was read already",
    "na pagina {page} van {path} leidt de link terug naar een pagina die al gelezen werd",
    "après la page {page} de {path}, le lien ramène à une page déjà lue",
)
LIST_WITHOUT_END = ReasonKind(
    "list-without-end",
    "after page {page} of {path} the last {empty} pages were empty, and there is still a link to another one",
    "na pagina {page} van {path} waren de laatste {empty} pagina's leeg, en er is nog steeds een link naar een volgende",
    "après la page {page} de {path}, les {empty} dernières pages étaient vides, et il y a toujours un lien vers une autre",
)
NO_OBJECT = ReasonKind(
    "list-entry-no-object",
    "entry {nth} of page {page} is no object",
    "ingang {nth} van pagina {page} is geen object",
    "l'entrée {nth} de la page {page} n'est pas un objet",
)
NO_IDS = ReasonKind(
    "list-entry-without-id",
    "entry {nth} of page {page} has no usable {field}",
    "ingang {nth} van pagina {page} heeft geen bruikbare {field}",
    "l'entrée {nth} de la page {page} n'a pas de {field} utilisable",
)
OBJECT_UNREADABLE = ReasonKind(
    "list-object-unreadable",
    "{object_id} on page {page} has no usable {field}",
    "{object_id} op pagina {page} heeft geen bruikbare {field}",
    "{object_id} à la page {page} n'a pas de {field} utilisable",
)
USE_NOT_AVAILABLE = ReasonKind(
    "use-report-not-available",
    "the report of use is not available: {why}",
    "het gebruiksrapport is niet beschikbaar: {why}",
    "le rapport d'utilisation n'est pas disponible : {why}",
)
