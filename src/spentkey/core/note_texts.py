"""The words of the notes in English, Dutch and French; a note is whole in one of them.

Reasons bring their own words (`core.reason`). In every language the same are: the marker, the line of the evidence, and
what a task's resolution says in its own field, by all of which notes and tasks are searched.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """The sentences of a note; `{…}` are filled in with values that have been made safe.

    `next` says what to do next, by the guard that refused, the cause of a failure, who must act, or the outcome; its
    `{…}` are the names of parameters, as the service desk has them. `witness_shows` says what the audit log shows, as far
    as a task may be closed on that.
    """

    removal_failed: str
    """Subject of a hand-over."""
    any_credential: str
    """In the place of SecretType, where that is empty."""
    removed: str
    """Subject of a close; the first line follows."""
    removed_from: str
    not_present: str
    """The same where the credential was not there."""
    not_present_on: str
    outcomes: Mapping[str, str]
    """What was found, where there is no reason to give."""
    names_and: str
    """Between the last two names of a list."""
    attribution: Mapping[str, str]
    nothing_removed: str
    was_removed: str
    not_taken: str
    nothing_put_back: str
    cannot_tell: str
    perhaps_more: str
    next: Mapping[str, str]
    application: str
    credential: str
    tenant: str
    how: str
    verified: str
    audit_event: str
    witness_shows: Mapping[str, str]


ENGLISH = Words(
    removal_failed="{kind} removal failed",
    any_credential="Credential",
    removed="Expired credential removed",
    removed_from="Expired secret for {name} removed",
    not_present="Credential not present",
    not_present_on="Credential {key_id} was not present on {name}; nothing removed",
    outcomes={"removed": "removed", "already-gone": "already-gone"},
    names_and=" and ",
    attribution={"confirmed": "confirmed", "presumed": "presumed"},
    nothing_removed="Spentkey removed nothing.",
    was_removed="The credential has been removed, but the task could not be finished automatically.",
    not_taken="Spentkey asked for the removal, but it did not take effect.",
    nothing_put_back="Spentkey put nothing back, and removes nothing more until somebody lifts the stop.",
    cannot_tell="Spentkey asked for the removal, but could not establish whether the credential is gone.",
    perhaps_more="Spentkey wrote the list of certificates without this one, and could not establish that no other went with it.",
    next={
        "G1": "Please correct the parameter named above and file the request again.",
        "G2": "Please check {where}: the application must exist in the tenant that is meant.",
        "G3": "Please find out which application is meant, correct {app_display_name} or {app_id}, and file the request again.",
        "G4": "Please compare {secret_id} and {secret_type} with the credentials of the application, and file a correct request.",
        "G5": "If the request came too early, please file it again once the credential has expired; else check its end date.",
        "G6": "Please leave it alone unless whoever is responsible for it agrees; then remove it by hand.",
        "G10": "Please find out who keeps changing this application's credentials, and give the task back after that.",
        "no-signer": "Please put right what is said above for one of the files, or add the PFX, with its password, of a "
        "certificate that is valid and registered on the application. Then give the task back, or remove the expired "
        "certificate by hand.",
        "no-principal": "Please create the application's service principal in its tenant and give the task back, or remove "
        "the expired certificate by hand.",
        "sign-in": "These certificates are valid and registered on the application. If one was registered only minutes ago, "
        "please give the task back later; else find out why the application may not sign in, or remove the expired "
        "certificate by hand.",
        "forbidden": "Please make the automation an owner of this application and give the task back, or remove the "
        "credential by hand.",
        "forbidden-itself": "Please allow the application to change its own credentials and give the task back, or remove "
        "the expired certificate by hand.",
        "proof-rejected": "The certificates that signed are valid and registered on the application. If one was registered "
        "only minutes ago, please give the task back later; else remove the expired certificate by hand.",
        "rejected": "Please remove the credential by hand.",
        "still-there": "Please look whether the credential is still on the application, and remove it by hand.",
        "survivor-lost": "Please find out at once who changed the credentials named above, and replace them if nobody meant to. "
        "Then lift the stop: spentkey resume --why '…'",
        "ended-the-program": "Please remove the credential by hand, and ask the people who run Spentkey to look into its log: a "
        "document or an answer that belongs to this task is more than the program can bear.",
        "people": "Please check the details below, correct the request or remove the credential by hand.",
        "operator": "Please ask the people who run Spentkey to look at this.",
        "nobody": "A system was away; please try again later or remove the credential by hand.",
        "no-event": "Please look in the directory's audit log which certificates that change took away, ask the owner of the "
        "application whether one was added at that time, and close the task by hand.",
        "cannot-tell": "Please look whether the credential is still on the application: if so, remove it by hand.",
        "removed": "Please close the task by hand; nothing else is left to do.",
        "already-gone": "The credential was not there. Please close the task by hand.",
    },
    application="Application",
    credential="Credential",
    tenant="Tenant",
    how="How",
    verified="Verified by {reads} agreeing reads of the directory.",
    audit_event="The directory's audit log",
    witness_shows={
        "ours": "shows this removal by Spentkey",
        "others": "shows a removal by somebody else",
        "not-yet": "does not show the removal yet",
        "not-available": "is not available",
    },
)
DUTCH = Words(
    removal_failed="Verwijdering van {kind} mislukt",
    any_credential="credential",
    removed="Vervallen credential verwijderd",
    removed_from="Vervallen credential van {name} verwijderd",
    not_present="Credential niet aanwezig",
    not_present_on="Credential {key_id} was niet aanwezig op {name}; niets verwijderd",
    outcomes={"removed": "verwijderd", "already-gone": "was al weg"},
    names_and=" en ",
    attribution={"confirmed": "bevestigd", "presumed": "vermoed"},
    nothing_removed="Spentkey heeft niets verwijderd.",
    was_removed="De credential is verwijderd, maar de taak kon niet automatisch worden afgewerkt.",
    not_taken="Spentkey heeft de verwijdering gevraagd, maar ze had geen effect.",
    nothing_put_back="Spentkey heeft niets teruggezet en verwijdert niets meer tot iemand de stop opheft.",
    cannot_tell="Spentkey heeft de verwijdering gevraagd, maar kon niet vaststellen of de credential weg is.",
    perhaps_more="Spentkey heeft de lijst van certificaten zonder dit certificaat geschreven en kon niet vaststellen dat er "
    "geen ander mee verdwenen is.",
    next={
        "G1": "Verbeter de hierboven genoemde parameter en dien de aanvraag opnieuw in.",
        "G2": "Controleer {where}: de applicatie moet bestaan in de bedoelde tenant.",
        "G3": "Ga na welke applicatie bedoeld is, verbeter {app_display_name} of {app_id} en dien de aanvraag opnieuw in.",
        "G4": "Vergelijk {secret_id} en {secret_type} met de credentials van de applicatie en dien een juiste aanvraag in.",
        "G5": "Kwam de aanvraag te vroeg, dien ze dan opnieuw in zodra de credential vervallen is; controleer anders de "
        "einddatum.",
        "G6": "Laat ze ongemoeid, tenzij wie ervoor verantwoordelijk is akkoord gaat; verwijder ze dan handmatig.",
        "G10": "Ga na wie de credentials van deze applicatie telkens wijzigt en geef de taak daarna terug.",
        "no-signer": "Herstel wat hierboven bij een van de bestanden staat, of voeg de PFX met wachtwoord toe van een "
        "certificaat dat geldig en op de applicatie geregistreerd is. Geef de taak dan terug, of verwijder het vervallen "
        "certificaat handmatig.",
        "no-principal": "Maak de service principal van de applicatie aan in haar tenant en geef de taak terug, of verwijder "
        "het vervallen certificaat handmatig.",
        "sign-in": "Deze certificaten zijn geldig en op de applicatie geregistreerd. Werd er een pas enkele minuten geleden "
        "geregistreerd, geef de taak dan later terug; ga anders na waarom de applicatie niet mag aanmelden, of verwijder "
        "het vervallen certificaat handmatig.",
        "forbidden": "Maak de automatisering eigenaar van deze applicatie en geef de taak terug, of verwijder de "
        "credential handmatig.",
        "forbidden-itself": "Sta de applicatie toe haar eigen credentials te wijzigen en geef de taak terug, of verwijder "
        "het vervallen certificaat handmatig.",
        "proof-rejected": "De certificaten die ondertekenden zijn geldig en op de applicatie geregistreerd. Werd er een pas "
        "enkele minuten geleden geregistreerd, geef de taak dan later terug; verwijder anders het vervallen certificaat "
        "handmatig.",
        "rejected": "Verwijder de credential handmatig.",
        "still-there": "Kijk of de credential nog op de applicatie staat en verwijder ze handmatig.",
        "survivor-lost": "Ga meteen na wie de hierboven genoemde credentials gewijzigd heeft en vervang ze als niemand dat bedoelde. "
        "Hef daarna de stop op: spentkey resume --why '…'",
        "ended-the-program": "Verwijder de credential handmatig en vraag de beheerders van Spentkey om in het logboek te kijken: "
        "een document of antwoord dat bij deze taak hoort, is meer dan het programma aankan.",
        "people": "Controleer de gegevens hieronder, verbeter de aanvraag of verwijder de credential handmatig.",
        "operator": "Vraag de beheerders van Spentkey om hiernaar te kijken.",
        "nobody": "Een systeem was niet bereikbaar; probeer het later opnieuw of verwijder de credential handmatig.",
        "no-event": "Kijk in het auditlogboek van de directory welke certificaten die wijziging wegnam, vraag de eigenaar van "
        "de applicatie of er op dat ogenblik een toegevoegd werd, en sluit de taak handmatig af.",
        "cannot-tell": "Kijk of de credential nog op de applicatie staat; verwijder ze in dat geval handmatig.",
        "removed": "Sluit de taak handmatig af; verder is er niets meer te doen.",
        "already-gone": "De credential was er niet. Sluit de taak handmatig af.",
    },
    application="Applicatie",
    credential="Credential",
    tenant="Tenant",
    how="Hoe",
    verified="Bevestigd door {reads} gelijke lezingen van de directory.",
    audit_event="Het auditlogboek van de directory",
    witness_shows={
        "ours": "toont deze verwijdering door Spentkey",
        "others": "toont een verwijdering door iemand anders",
        "not-yet": "toont de verwijdering nog niet",
        "not-available": "is niet beschikbaar",
    },
)
FRENCH = Words(
    removal_failed="Échec de la suppression : {kind}",
    any_credential="identifiant",
    removed="Identifiant expiré supprimé",
    removed_from="Identifiant expiré de {name} supprimé",
    not_present="Identifiant absent",
    not_present_on="L'identifiant {key_id} était absent de {name} ; rien n'a été supprimé",
    outcomes={"removed": "supprimé", "already-gone": "déjà absent"},
    names_and=" et ",
    attribution={"confirmed": "confirmée", "presumed": "présumée"},
    nothing_removed="Spentkey n'a rien supprimé.",
    was_removed="L'identifiant a été supprimé, mais la tâche n'a pas pu être terminée automatiquement.",
    not_taken="Spentkey a demandé la suppression, mais elle est restée sans effet.",
    nothing_put_back="Spentkey n'a rien remis en place et ne supprime plus rien tant que personne ne lève l'arrêt.",
    cannot_tell="Spentkey a demandé la suppression, mais n'a pas pu établir si l'identifiant a disparu.",
    perhaps_more="Spentkey a écrit la liste des certificats sans celui-ci, et n'a pas pu établir qu'aucun autre n'a disparu "
    "avec lui.",
    next={
        "G1": "Veuillez corriger le paramètre nommé ci-dessus et introduire à nouveau la demande.",
        "G2": "Veuillez vérifier {where} : l'application doit exister dans le tenant visé.",
        "G3": "Veuillez déterminer de quelle application il s'agit, corriger {app_display_name} ou {app_id} et introduire à "
        "nouveau la demande.",
        "G4": "Veuillez comparer {secret_id} et {secret_type} avec les identifiants de l'application et introduire une demande "
        "correcte.",
        "G5": "Si la demande est venue trop tôt, veuillez l'introduire à nouveau une fois l'identifiant expiré ; sinon, "
        "vérifiez sa date de fin.",
        "G6": "Veuillez ne pas y toucher sans l'accord de son responsable ; avec cet accord, supprimez-le à la main.",
        "G10": "Veuillez déterminer qui modifie sans cesse les identifiants de cette application, puis rendre la tâche.",
        "no-signer": "Veuillez corriger ce qui est dit ci-dessus d'un des fichiers, ou ajouter le PFX, avec son mot de passe, "
        "d'un certificat valide et enregistré sur l'application. Rendez ensuite la tâche, ou supprimez le certificat "
        "expiré à la main.",
        "no-principal": "Veuillez créer le principal de service de l'application dans son tenant et rendre la tâche, ou "
        "supprimer le certificat expiré à la main.",
        "sign-in": "Ces certificats sont valides et enregistrés sur l'application. Si l'un d'eux vient d'être enregistré, "
        "veuillez rendre la tâche plus tard ; sinon, déterminez pourquoi l'application ne peut pas se connecter, ou "
        "supprimez le certificat expiré à la main.",
        "forbidden": "Veuillez faire de l'automatisation un propriétaire de cette application et rendre la tâche, ou "
        "supprimer l'identifiant à la main.",
        "forbidden-itself": "Veuillez autoriser l'application à modifier ses propres identifiants et rendre la tâche, ou "
        "supprimer le certificat expiré à la main.",
        "proof-rejected": "Les certificats qui ont signé sont valides et enregistrés sur l'application. Si l'un d'eux vient "
        "d'être enregistré, veuillez rendre la tâche plus tard ; sinon, supprimez le certificat expiré à la main.",
        "rejected": "Veuillez supprimer l'identifiant à la main.",
        "still-there": "Veuillez regarder si l'identifiant est encore sur l'application et le supprimer à la main.",
        "survivor-lost": "Veuillez déterminer sans attendre qui a modifié les identifiants nommés ci-dessus et les "
        "remplacer si personne ne l'a voulu. Levez ensuite l'arrêt : spentkey resume --why '…'",
        "ended-the-program": "Veuillez supprimer l'identifiant à la main et demander aux gestionnaires de Spentkey d'en examiner "
        "le journal : un document ou une réponse liés à cette tâche dépassent ce que le programme supporte.",
        "people": "Veuillez vérifier les données ci-dessous, corriger la demande ou supprimer l'identifiant à la main.",
        "operator": "Veuillez demander aux gestionnaires de Spentkey d'examiner ce cas.",
        "nobody": "Un système était indisponible ; réessayez plus tard ou supprimez l'identifiant à la main.",
        "no-event": "Veuillez regarder dans le journal d'audit de l'annuaire quels certificats cette modification a retirés, "
        "demander au propriétaire de l'application si l'un d'eux a été ajouté à ce moment, puis clôturer la tâche à la main.",
        "cannot-tell": "Veuillez regarder si l'identifiant est encore sur l'application ; si oui, supprimez-le à la main.",
        "removed": "Veuillez clôturer la tâche à la main ; il n'y a rien d'autre à faire.",
        "already-gone": "L'identifiant n'était pas là. Veuillez clôturer la tâche à la main.",
    },
    application="Application",
    credential="Identifiant",
    tenant="Tenant",
    how="Comment",
    verified="Vérifié par {reads} lectures concordantes de l'annuaire.",
    audit_event="Le journal d'audit de l'annuaire",
    witness_shows={
        "ours": "montre cette suppression par Spentkey",
        "others": "montre une suppression par quelqu'un d'autre",
        "not-yet": "ne montre pas encore la suppression",
        "not-available": "n'est pas disponible",
    },
)
WORDS = {"en": ENGLISH, "nl": DUTCH, "fr": FRENCH}
