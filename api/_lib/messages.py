"""Every sentence shown to people, in the three languages of the app."""

from typing import Literal

Language = Literal["nl", "fr", "en"]
LANGUAGES: tuple[Language, ...] = ("nl", "fr", "en")


def _same(text: str) -> dict[Language, str]:
    """A sentence the web client compares, so it is never translated."""
    return dict.fromkeys(LANGUAGES, text)


CATALOGUE: dict[str, dict[Language, str]] = {
    # Accounts
    "password_required": _same("Password is required"),
    "wrong_password": _same("The e-mail address or password is not right."),
    "account_disabled": {
        "nl": "Dit account heeft geen toegang. Neem contact op met je beheerder.",
        "fr": "Ce compte n'a pas accès. Contactez votre administrateur.",
        "en": "This account has no access. Please contact your administrator.",
    },
    "logged_out": {
        "nl": "Je bent afgemeld.",
        "fr": "Vous êtes déconnecté.",
        "en": "You are signed out.",
    },
    "mail_on_its_way": {
        "nl": "Als dit adres bij ons bekend is, is er een e-mail onderweg.",
        "fr": "Si cette adresse nous est connue, un e-mail est en route.",
        "en": "If we know this address, an e-mail is on its way.",
    },
    "link_invalid": {
        "nl": "Deze link is ongeldig of verlopen. Vraag een nieuwe aan.",
        "fr": "Ce lien n'est pas valide ou a expiré. Demandez-en un nouveau.",
        "en": "This link is not valid or has expired. Please ask for a new one.",
    },
    "code_invalid": {
        "nl": "Deze code is ongeldig of verlopen. Meld je opnieuw aan voor een nieuwe code.",
        "fr": "Ce code n'est pas valide ou a expiré. Reconnectez-vous pour en recevoir un nouveau.",
        "en": "This code is not valid or has expired. Sign in again to get a new one.",
    },
    "password_exists": {
        "nl": "Je hebt al een wachtwoord. Wijzig het op je accountpagina.",
        "fr": "Vous avez déjà un mot de passe. Modifiez-le sur la page de votre compte.",
        "en": "You already have a password. Change it on your account page.",
    },
    "password_too_long": {
        "nl": "Het wachtwoord is te lang (hoogstens {limit} bytes).",
        "fr": "Le mot de passe est trop long ({limit} octets au plus).",
        "en": "The password is too long ({limit} bytes at most).",
    },
    "password_is_address": {
        "nl": "Je e-mailadres kan je wachtwoord niet zijn.",
        "fr": "Votre adresse e-mail ne peut pas être votre mot de passe.",
        "en": "Your e-mail address cannot be your password.",
    },
    "current_password_wrong": {
        "nl": "Je huidige wachtwoord klopt niet.",
        "fr": "Votre mot de passe actuel n'est pas correct.",
        "en": "Your current password is not right.",
    },
    "email_taken": {
        "nl": "Er is al iemand met dit e-mailadres.",
        "fr": "Quelqu'un a déjà cette adresse e-mail.",
        "en": "Somebody has this e-mail address already.",
    },
    # Mails of accounts
    "mail_login_subject": {
        "nl": "Je aanmeldlink voor Mental Fitness",
        "fr": "Votre lien de connexion à Mental Fitness",
        "en": "Your login link for Mental Fitness",
    },
    "mail_login_lead": {
        "nl": "Meld je aan met één klik:",
        "fr": "Connectez-vous en un clic :",
        "en": "Log in with one click:",
    },
    "mail_login_button": {"nl": "Aanmelden", "fr": "Se connecter", "en": "Log in"},
    "mail_login_code": {
        "nl": "Of typ deze code in de app:",
        "fr": "Ou saisissez ce code dans l'application :",
        "en": "Or type this code in the app:",
    },
    "mail_setup_subject": {
        "nl": "Je verificatiecode voor Mental Fitness",
        "fr": "Votre code de vérification pour Mental Fitness",
        "en": "Your verification code for Mental Fitness",
    },
    "mail_setup_lead": {
        "nl": "Kies je wachtwoord met deze code:",
        "fr": "Choisissez votre mot de passe avec ce code :",
        "en": "Choose your password with this code:",
    },
    "mail_valid": {
        "nl": "Geldig gedurende {minutes} minuten.",
        "fr": "Valable pendant {minutes} minutes.",
        "en": "Valid for {minutes} minutes.",
    },
    "mail_ignore": {
        "nl": "Heb je dit niet aangevraagd? Dan hoef je niets te doen.",
        "fr": "Vous n'avez rien demandé ? Ignorez cet e-mail.",
        "en": "Did you not ask for this? Then you can ignore this e-mail.",
    },
    "mail_changed_subject": {
        "nl": "Je wachtwoord voor Mental Fitness is gewijzigd",
        "fr": "Votre mot de passe Mental Fitness a été modifié",
        "en": "Your password for Mental Fitness was changed",
    },
    "mail_changed_lead": {
        "nl": "Het wachtwoord van je account is zonet gewijzigd.",
        "fr": "Le mot de passe de votre compte vient d'être modifié.",
        "en": "The password of your account was changed just now.",
    },
    "mail_changed_warning": {
        "nl": "Was jij dit niet? Neem dan contact op met je beheerder.",
        "fr": "Ce n'était pas vous ? Contactez votre administrateur.",
        "en": "Was this not you? Please contact your administrator.",
    },
    # Programs
    "program_overlap": {
        "nl": "Je hebt in deze periode al een ander programma. Kies andere datums.",
        "fr": "Vous avez déjà un autre programme à ces dates. Choisissez d'autres dates.",
        "en": "You already have another program on these dates. Please choose other dates.",
    },
    "program_changed": {
        "nl": "Het programma is intussen gewijzigd. Laad de pagina opnieuw.",
        "fr": "Le programme a été modifié entre-temps. Rechargez la page.",
        "en": "The program was changed meanwhile. Please reload the page.",
    },
    "program_too_long": {
        "nl": "Een programma duurt hoogstens {limit} weken.",
        "fr": "Un programme dure au maximum {limit} semaines.",
        "en": "A program lasts {limit} weeks at most.",
    },
    "sessions_have_activity": {
        "nl": "In {count} toekomstige sessie(s) is al geoefend.",
        "fr": "Des activités existent déjà dans {count} séance(s) à venir.",
        "en": "{count} upcoming session(s) already have activity.",
    },
    "session_locked": {
        "nl": "Alleen sessies na vandaag kunnen gewijzigd worden.",
        "fr": "Seules les séances après aujourd'hui peuvent être modifiées.",
        "en": "Only sessions after today can be changed.",
    },
    "session_without_date": {
        "nl": "Deze sessie heeft geen datum.",
        "fr": "Cette séance n'a pas de date.",
        "en": "This session has no date.",
    },
    "no_training_days": {
        "nl": "Er zijn geen trainingsdagen in deze periode.",
        "fr": "Il n'y a aucun jour d'entraînement dans cette période.",
        "en": "There are no training days in this period.",
    },
    "no_methods": {
        "nl": "Het programma heeft geen methodes om te plannen.",
        "fr": "Le programme n'a aucune méthode à planifier.",
        "en": "The program has no methods to plan.",
    },
    "reference_unknown": {
        "nl": "{field} bevat een onbekende keuze.",
        "fr": "{field} contient un choix inconnu.",
        "en": "{field} contains an unknown choice.",
    },
    "schedule_date_twice": {
        "nl": "Een datum komt twee keer voor in de planning.",
        "fr": "Une date apparaît deux fois dans le planning.",
        "en": "A date appears twice in the schedule.",
    },
    "schedule_date_outside": {
        "nl": "Een datum van de planning valt buiten het programma.",
        "fr": "Une date du planning est en dehors du programme.",
        "en": "A date of the schedule lies outside the program.",
    },
    "schedule_method_unknown": {
        "nl": "De planning bevat een onbekende methode.",
        "fr": "Le planning contient une méthode inconnue.",
        "en": "The schedule contains an unknown method.",
    },
    "schedule_empty": {
        "nl": "De planning bevat geen enkele methode.",
        "fr": "Le planning ne contient aucune méthode.",
        "en": "The schedule contains no method at all.",
    },
    "ai_not_configured": {
        "nl": "Automatisch plannen is nu niet beschikbaar. Stel je programma zelf samen.",
        "fr": "La planification automatique n'est pas disponible. Composez votre programme.",
        "en": "Automatic planning is not available now. Please compose your program yourself.",
    },
    "ai_failed": {
        "nl": "Het programma kon niet worden gemaakt. Probeer het opnieuw.",
        "fr": "Le programme n'a pas pu être créé. Veuillez réessayer.",
        "en": "The program could not be made. Please try again.",
    },
    "ai_timeout": {
        "nl": "Het maken van het programma duurde te lang. Probeer het opnieuw.",
        "fr": "La création du programme a pris trop de temps. Veuillez réessayer.",
        "en": "Making the program took too long. Please try again.",
    },
    # The frame
    "unauthorized": {
        "nl": "Je bent niet aangemeld.",
        "fr": "Vous n'êtes pas connecté.",
        "en": "You are not signed in.",
    },
    "forbidden": {
        "nl": "Dit mag je niet doen.",
        "fr": "Vous n'êtes pas autorisé à faire cela.",
        "en": "You are not allowed to do this.",
    },
    "not_found": {"nl": "Niet gevonden.", "fr": "Introuvable.", "en": "Not found."},
    "method_not_allowed": {
        "nl": "Deze methode is hier niet toegestaan.",
        "fr": "Cette méthode n'est pas autorisée ici.",
        "en": "This method is not allowed here.",
    },
    "internal": {
        "nl": "Er ging iets mis. Probeer het later opnieuw.",
        "fr": "Une erreur est survenue. Réessayez plus tard.",
        "en": "Something went wrong. Please try again later.",
    },
    "unavailable": {
        "nl": "De dienst is even niet beschikbaar. Probeer het straks opnieuw.",
        "fr": "Le service est momentanément indisponible. Réessayez bientôt.",
        "en": "The service is not available right now. Please try again soon.",
    },
    "upstream_failed": {
        "nl": "Een externe dienst gaf een fout. Probeer het straks opnieuw.",
        "fr": "Un service externe a renvoyé une erreur. Réessayez bientôt.",
        "en": "An outside service answered with an error. Please try again soon.",
    },
    "too_many_requests": {
        "nl": "Te veel pogingen. Probeer het over {minutes} min. opnieuw.",
        "fr": "Trop de tentatives. Réessayez dans {minutes} min.",
        "en": "Too many attempts. Try again in {minutes} min.",
    },
    "busy": {
        "nl": "Je vorige aanvraag loopt nog. Wacht even.",
        "fr": "Votre demande précédente est encore en cours. Patientez un instant.",
        "en": "Your previous request is still running. Please wait a moment.",
    },
    "conflict": {
        "nl": "Dit bestaat al.",
        "fr": "Cela existe déjà.",
        "en": "This exists already.",
    },
    "bad_request": {
        "nl": "De aanvraag is ongeldig.",
        "fr": "La requête n'est pas valide.",
        "en": "The request is not valid.",
    },
    "body_not_json": {
        "nl": "De aanvraag is geen geldige JSON.",
        "fr": "La requête n'est pas du JSON valide.",
        "en": "The request is not valid JSON.",
    },
    "body_not_object": {
        "nl": "De aanvraag moet een JSON-object zijn.",
        "fr": "La requête doit être un objet JSON.",
        "en": "The request must be a JSON object.",
    },
    "body_too_large": {
        "nl": "De aanvraag is te groot.",
        "fr": "La requête est trop volumineuse.",
        "en": "The request is too large.",
    },
    "unsupported_type": {
        "nl": "Stuur de aanvraag als JSON in UTF-8, zonder compressie.",
        "fr": "Envoyez la requête en JSON, UTF-8, sans compression.",
        "en": "Send the request as JSON in UTF-8, not compressed.",
    },
    "unknown_table": {
        "nl": "Er is geen tabel {table}.",
        "fr": "Il n'y a pas de table {table}.",
        "en": "There is no table {table}.",
    },
    "dead_letter_unnamed": {
        "nl": "Noem een id vanaf 1, een lijst ids, een entityType of een errorClass.",
        "fr": "Indiquez un id à partir de 1, une liste ids, un entityType ou un errorClass.",
        "en": "Name an id from 1 on, a list of ids, an entityType or an errorClass.",
    },
    "bad_path": {
        "nl": "Het adres van de aanvraag is ongeldig.",
        "fr": "L'adresse de la requête n'est pas valide.",
        "en": "The address of the request is not valid.",
    },
    "field_required": {
        "nl": "{field} is verplicht.",
        "fr": "{field} est obligatoire.",
        "en": "{field} is required.",
    },
    "field_invalid": {
        "nl": "{field} is ongeldig.",
        "fr": "{field} n'est pas valide.",
        "en": "{field} is not valid.",
    },
    "field_too_long": {
        "nl": "{field} is te lang (hoogstens {limit}).",
        "fr": "{field} est trop long (au plus {limit}).",
        "en": "{field} is too long (at most {limit}).",
    },
    "field_too_short": {
        "nl": "{field} is te kort (minstens {limit}).",
        "fr": "{field} est trop court (au moins {limit}).",
        "en": "{field} is too short (at least {limit}).",
    },
    "date_outside_window": {
        "nl": "{field} ligt te ver in het verleden of in de toekomst.",
        "fr": "{field} est trop loin dans le passé ou le futur.",
        "en": "{field} is too far in the past or the future.",
    },
    # Tracking and rewards
    "nothing_to_change": {
        "nl": "Er is niets om te wijzigen.",
        "fr": "Il n'y a rien à modifier.",
        "en": "There is nothing to change.",
    },
    "goals_limit": {
        "nl": "Je kunt hoogstens {limit} actieve doelen hebben.",
        "fr": "Vous pouvez avoir au plus {limit} objectifs actifs.",
        "en": "You can have at most {limit} active goals.",
    },
    "beliefs_limit": {
        "nl": "Je kunt hoogstens {limit} eigen overtuigingen hebben.",
        "fr": "Vous pouvez avoir au plus {limit} convictions personnelles.",
        "en": "You can have at most {limit} beliefs of your own.",
    },
    "days_unknown": {
        "nl": "Dit zijn geen dagen van de week: {days}.",
        "fr": "Ce ne sont pas des jours de la semaine : {days}.",
        "en": "These are no days of the week: {days}.",
    },
    "milestone_not_reached": {
        "nl": "Deze mijlpaal is nog niet bereikt.",
        "fr": "Cette étape n'est pas encore atteinte.",
        "en": "This milestone has not been reached yet.",
    },
    "recalculation_running": {
        "nl": "De herberekening loopt al.",
        "fr": "Le recalcul est déjà en cours.",
        "en": "The recalculation is already running.",
    },
    # Reminders
    "push_endpoint_refused": {
        "nl": "Dit is geen adres van een bekende pushdienst.",
        "fr": "Ce n'est pas l'adresse d'un service push connu.",
        "en": "This is not the address of a known push service.",
    },
    "push_keys_invalid": {
        "nl": "De sleutels van de browser zijn ongeldig.",
        "fr": "Les clés du navigateur ne sont pas valides.",
        "en": "The keys of the browser are not valid.",
    },
    "push_endpoint_taken": {
        "nl": "Dit toestel is bij een ander account aangemeld. Zet meldingen daar eerst uit.",
        "fr": "Cet appareil est lié à un autre compte. Désactivez-y d'abord les notifications.",
        "en": "This device belongs to another account. Switch notifications off there first.",
    },
    "push_not_configured": {
        "nl": "Pushmeldingen zijn op deze server niet ingesteld.",
        "fr": "Les notifications push ne sont pas configurées sur ce serveur.",
        "en": "Push notifications are not set up on this server.",
    },
    "push_test_off": {
        "nl": "Testmeldingen zijn hier uitgeschakeld.",
        "fr": "Les notifications de test sont désactivées ici.",
        "en": "Test notifications are switched off here.",
    },
    "push_no_subscription": {
        "nl": "Er zijn geen actieve pushabonnementen.",
        "fr": "Il n'y a aucun abonnement push actif.",
        "en": "There are no active push subscriptions.",
    },
    "push_test_title": {
        "nl": "Testmelding",
        "fr": "Notification de test",
        "en": "Test notification",
    },
    "push_test_body": {
        "nl": "Zo zien je herinneringen eruit.",
        "fr": "Voici à quoi ressembleront vos rappels.",
        "en": "This is what your reminders will look like.",
    },
    "reminder_session_title": {
        "nl": "Tijd voor je activiteit",
        "fr": "C'est l'heure de votre activité",
        "en": "Time for your activity",
    },
    "reminder_session_today": {
        "nl": "Je activiteit van vandaag ({day}) staat klaar.",
        "fr": "Votre activité d'aujourd'hui ({day}) est prête.",
        "en": "Your activity for today ({day}) is ready.",
    },
    "reminder_session_tomorrow": {
        "nl": "Je activiteit van morgen ({day}) staat klaar.",
        "fr": "Votre activité de demain ({day}) est prête.",
        "en": "Your activity for tomorrow ({day}) is ready.",
    },
    "reminder_session_later": {
        "nl": "Je activiteit van {day} staat klaar.",
        "fr": "Votre activité du {day} est prête.",
        "en": "Your activity for {day} is ready.",
    },
    "reminder_daily_summary_title": {
        "nl": "Dagelijkse herinnering",
        "fr": "Rappel quotidien",
        "en": "Daily reminder",
    },
    "reminder_daily_summary_today_one": {
        "nl": "Je hebt vandaag {count} geplande activiteit.",
        "fr": "Vous avez {count} activité prévue aujourd'hui.",
        "en": "You have {count} planned activity today.",
    },
    "reminder_daily_summary_today_many": {
        "nl": "Je hebt vandaag {count} geplande activiteiten.",
        "fr": "Vous avez {count} activités prévues aujourd'hui.",
        "en": "You have {count} planned activities today.",
    },
    "reminder_daily_summary_tomorrow_one": {
        "nl": "Je hebt morgen {count} geplande activiteit.",
        "fr": "Vous avez {count} activité prévue demain.",
        "en": "You have {count} planned activity tomorrow.",
    },
    "reminder_daily_summary_tomorrow_many": {
        "nl": "Je hebt morgen {count} geplande activiteiten.",
        "fr": "Vous avez {count} activités prévues demain.",
        "en": "You have {count} planned activities tomorrow.",
    },
    "reminder_daily_summary_later_one": {
        "nl": "Je hebt op {day} {count} geplande activiteit.",
        "fr": "Vous avez {count} activité prévue le {day}.",
        "en": "You have {count} planned activity on {day}.",
    },
    "reminder_daily_summary_later_many": {
        "nl": "Je hebt op {day} {count} geplande activiteiten.",
        "fr": "Vous avez {count} activités prévues le {day}.",
        "en": "You have {count} planned activities on {day}.",
    },
    "reminder_personal_goal_title": {
        "nl": "Herinnering aan een persoonlijk doel",
        "fr": "Rappel d'un objectif personnel",
        "en": "Reminder of a personal goal",
    },
    "reminder_personal_goal_today": {
        "nl": "Vandaag is een geplande dag voor: {name}",
        "fr": "Aujourd'hui est un jour prévu pour : {name}",
        "en": "Today is a planned day for: {name}",
    },
    "reminder_personal_goal_tomorrow": {
        "nl": "Morgen is een geplande dag voor: {name}",
        "fr": "Demain est un jour prévu pour : {name}",
        "en": "Tomorrow is a planned day for: {name}",
    },
    "reminder_personal_goal_later": {
        "nl": "Op {day} is het een geplande dag voor: {name}",
        "fr": "Le {day} est un jour prévu pour : {name}",
        "en": "On {day} it is a planned day for: {name}",
    },
}


def sentence(key: str, language: Language, **params: object) -> str:
    """A sentence of the catalogue in a language, with its parameters filled in."""
    return CATALOGUE[key][language].format(**params)


def preferred_language(accept_language: str) -> Language:
    """The best of our languages by an `Accept-Language` header; Dutch when none fits."""
    ranked: list[tuple[float, int, Language]] = []
    for position, part in enumerate(accept_language[:200].split(",")):
        tag, _, quality = part.strip().partition(";q=")
        for language in LANGUAGES:
            if tag.lower().split("-")[0] == language:
                ranked.append((-_quality(quality), position, language))
    return min(ranked)[2] if ranked else "nl"


def _quality(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
