"""The words of the notes in English, Dutch and French. Only note bodies are translated; reasons stay as they are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """The sentences of a note body; `{…}` are filled in with values that have been made safe."""

    nothing_removed: str
    was_removed: str
    cannot_tell: str
    who_people: str
    who_operator: str
    who_nobody: str
    application: str
    credential: str
    tenant: str
    how: str
    verified: str
    evidence: str


WORDS = {
    "en": Words(
        nothing_removed="Spentkey removed nothing.",
        was_removed="The credential has been removed, but the task could not be finished automatically.",
        cannot_tell="Spentkey asked for the removal, but could not establish whether the credential is gone.",
        who_people="Please check the details below, correct the request or remove the credential by hand.",
        who_operator="Please ask the people who run Spentkey to look at this.",
        who_nobody="A system was away; please try again later or remove the credential by hand.",
        application="Application",
        credential="Credential",
        tenant="Tenant",
        how="How",
        verified="Verified by {reads} agreeing reads of the directory.",
        evidence="Evidence",
    ),
    "nl": Words(
        nothing_removed="Spentkey heeft niets verwijderd.",
        was_removed="De credential is verwijderd, maar de taak kon niet automatisch worden afgewerkt.",
        cannot_tell="Spentkey heeft de verwijdering gevraagd, maar kon niet vaststellen of de credential weg is.",
        who_people="Controleer de gegevens hieronder, verbeter de aanvraag of verwijder de credential handmatig.",
        who_operator="Vraag de beheerders van Spentkey om hiernaar te kijken.",
        who_nobody="Een systeem was niet bereikbaar; probeer het later opnieuw of verwijder de credential handmatig.",
        application="Applicatie",
        credential="Credential",
        tenant="Tenant",
        how="Hoe",
        verified="Bevestigd door {reads} gelijke lezingen van de directory.",
        evidence="Bewijs",
    ),
    "fr": Words(
        nothing_removed="Spentkey n'a rien supprimé.",
        was_removed="L'identifiant a été supprimé, mais la tâche n'a pas pu être terminée automatiquement.",
        cannot_tell="Spentkey a demandé la suppression, mais n'a pas pu établir si l'identifiant a disparu.",
        who_people="Veuillez vérifier les données ci-dessous, corriger la demande ou supprimer l'identifiant à la main.",
        who_operator="Veuillez demander aux gestionnaires de Spentkey d'examiner ce cas.",
        who_nobody="Un système était indisponible ; réessayez plus tard ou supprimez l'identifiant à la main.",
        application="Application",
        credential="Identifiant",
        tenant="Tenant",
        how="Comment",
        verified="Vérifié par {reads} lectures concordantes de l'annuaire.",
        evidence="Preuve",
    ),
}
