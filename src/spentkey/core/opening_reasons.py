"""Why a request was opened, is known, or was not opened, in the words of each language."""

from spentkey.core.reason import ReasonKind

ALREADY_OPEN = ReasonKind(
    "opening-already-open",
    "request {request} asks for it",
    "aanvraag {request} vraagt erom",
    "la demande {request} porte dessus",
)
ASKED_FOR_TWICE = ReasonKind(
    "opening-asked-for-twice",
    "several open requests ask for it: {requests}; close all but one",
    "meerdere open aanvragen vragen erom: {requests}; sluit ze op één na",
    "plusieurs demandes ouvertes portent dessus : {requests} ; clôturez-les sauf une",
)
REMOVED_LATELY = ReasonKind(
    "opening-removed-lately",
    "it was removed for request {request}, and the list may not show that yet",
    "het werd verwijderd voor aanvraag {request}, en de lijst toont dat misschien nog niet",
    "il a été supprimé pour la demande {request}, ce que la liste ne montre peut-être pas encore",
)
CLOSED_LATELY = ReasonKind(
    "opening-closed-lately",
    "people closed request {request} without a removal; it is not asked for within {days} days of that",
    "aanvraag {request} werd gesloten zonder verwijdering; binnen {days} dagen daarna wordt er niet om gevraagd",
    "la demande {request} a été clôturée sans suppression ; rien n'est demandé dans les {days} jours qui suivent",
)
NOT_SHOWN = ReasonKind(
    "opening-not-shown",
    "request {request} was opened, and the desk does not show it; it is not asked for within {days} days of that",
    "aanvraag {request} werd geopend, en de servicedesk toont ze niet; binnen {days} dagen daarna wordt er niet om gevraagd",
    "la demande {request} a été ouverte et le centre de services ne la montre pas ; rien n'est demandé dans les {days} jours qui suivent",
)
WITHOUT_ANSWERS = ReasonKind(
    "opening-without-answers",
    "request {request} was made otherwise than it was asked for; close it first",
    "aanvraag {request} werd anders aangemaakt dan gevraagd; sluit ze eerst",
    "la demande {request} a été créée autrement que demandé ; clôturez-la d'abord",
)
OTHER_ANSWERS = ReasonKind(
    "opening-other-answers",
    "request {request} does not show {names} as sent; compare the desk's settings with the request offering, and close the request",
    "aanvraag {request} toont {names} niet zoals verzonden; vergelijk de instellingen van de servicedesk met het aanvraagaanbod en sluit de aanvraag",
    "la demande {request} ne montre pas {names} comme envoyé ; comparez les réglages du centre de services avec l'offre de demande et clôturez la demande",
)
NO_TASK_CAME = ReasonKind(
    "opening-no-task",
    "request {request} has no task after {seconds} s",
    "aanvraag {request} heeft na {seconds} s geen taak",
    "la demande {request} n'a pas de tâche après {seconds} s",
)
NOT_FOR_US = ReasonKind(
    "opening-not-for-us",
    "the task of request {request} cannot be worked on: {why}",
    "aan de taak van aanvraag {request} kan niet gewerkt worden: {why}",
    "la tâche de la demande {request} ne peut pas être traitée : {why}",
)
OTHER_CREDENTIAL = ReasonKind(
    "opening-other-credential",
    "it is read as another credential than the one that was asked for",
    "ze wordt gelezen als een ander credential dan gevraagd werd",
    "elle est lue comme un autre identifiant que celui demandé",
)
REPLY_LOST = ReasonKind(
    "opening-reply-lost",
    "the reply of the service desk was lost ({why}) and no request shows; the next scan looks first",
    "het antwoord van de servicedesk ging verloren ({why}) en er is geen aanvraag te zien; de volgende scan kijkt eerst",
    "la réponse du centre de services s'est perdue ({why}) et aucune demande n'apparaît ; la prochaine analyse regarde d'abord",
)
NOT_ALLOWED = ReasonKind(
    "opening-not-allowed",
    "spentkey scan --open --tenant {tenant} comes first, once",
    "eerst eenmaal spentkey scan --open --tenant {tenant}",
    "d'abord une fois spentkey scan --open --tenant {tenant}",
)
STOPPED_IN_TENANT = ReasonKind(
    "opening-stopped",
    "opening is stopped in this tenant until spentkey scan --open --tenant {tenant}: {why}",
    "openen is in deze tenant gestopt tot spentkey scan --open --tenant {tenant}: {why}",
    "l'ouverture est arrêtée dans ce locataire jusqu'à spentkey scan --open --tenant {tenant} : {why}",
)
CAPPED = ReasonKind(
    "opening-capped",
    "scan.max_per_run, scan.max_per_day or policy.max_handovers_per_hour allows no further request now",
    "scan.max_per_run, scan.max_per_day of policy.max_handovers_per_hour laat nu geen aanvraag meer toe",
    "scan.max_per_run, scan.max_per_day ou policy.max_handovers_per_hour ne permet plus de demande pour l'instant",
)
