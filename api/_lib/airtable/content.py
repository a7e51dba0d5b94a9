"""Mapping of the content tables, which Airtable owns entirely."""

from api._lib.airtable.model import Field, Kind, Table

METHODS = Table(
    key="methods",
    title="Methodes",
    view="App",
    fields=(
        Field("fldXP3qNngK3oXEjR", "Methode Naam", "name"),
        Field("fldg3pJ3mtwBTVtd8", "Duur (minuten)", "duration", Kind.NUMBER),
        Field("fldLrlnqtzxIRVImD", "Beschrijving", "description"),
        Field(
            "fldKppvap3PVPlMq8",
            "Ervaringsniveau (gekoppeld)",
            "experienceLevel",
            Kind.LINKS,
            links_to="experienceLevels",
        ),
        Field("fldX9SfbkhYUuRC3T", "Optimale frequentie", "optimalFrequency", Kind.SELECTS),
        Field(
            "fldymisqDYdypLbUc",
            "Doelstellingen (gekoppeld)",
            "linkedGoals",
            Kind.LINKS,
            links_to="goals",
        ),
        Field("fldT64jU7CfcgTe0y", "Foto", "photo", Kind.ATTACHMENTS),
        Field("fldobaP1oS9uZKTh2", "Media", "media", Kind.LINKS, links_to="media"),
        Field("fldW7tdp7AJoeKerd", "Techniek", "techniek"),
        Field("fldcyKMc8Q02H2QGN", "Punten waarde", "pointsValue", Kind.NUMBER),
    ),
)

GOALS = Table(
    key="goals",
    title="Doelstellingen",
    view="App",
    fields=(
        Field("fldgLmhiCydWQgjUi", "Doelstelling Naam", "name"),
        Field("fldb1q8hRJyfFglYV", "Beschrijving", "description"),
        Field("fldjVOkLDqCsAdvft", "Status", "status", Kind.SELECT),
    ),
)

DAYS_OF_WEEK = Table(
    key="daysOfWeek",
    title="Dagen van de week",
    fields=(Field("fldj61ALcQp8OYO1u", "Name", "name"),),
)

EXPERIENCE_LEVELS = Table(
    key="experienceLevels",
    title="Ervaringsniveaus",
    fields=(
        Field("fldklaZeObmJ9ZNgq", "Name", "name"),
        Field("fldveMMaCFMTXmiUP", "Notes", "notes"),
    ),
)

PROGRAM_PROMPTS = Table(
    key="programPrompts",
    title="Programma opbouw prompts",
    fields=(
        Field("fld54jyMhPH0Cesl7", "Name", "name"),
        Field("fldDo7u9EeWNyXENj", "Doelstellingen", "goals", Kind.LINKS, links_to="goals"),
        Field("fld7nmlwZoO2QFqMj", "Prompt", "prompt"),
        Field("fldDawVqkN23XSfve", "Type prompt", "promptType", Kind.SELECT),
    ),
)

MEDIA = Table(
    key="media",
    title="Media",
    fields=(
        Field("fldJ2OY8jXdQQS3Vx", "Bestandsnaam", "filename"),
        Field("fldsEJYb1olj2zQoj", "Type", "type", Kind.SELECT),
        Field("fld8BlErdZjq1yNkW", "Bestand", "file", Kind.ATTACHMENTS),
    ),
)

OVERTUIGINGEN = Table(
    key="overtuigingen",
    title="Overtuigingen",
    view="App",
    fields=(
        Field("fldKjYM2dj1vcna13", "Name", "name"),
        Field(
            "fldmcm4ZeHKvUF1l2", "Category", "category", Kind.LINKS, links_to="mindsetCategories"
        ),
        Field("fldiXYJ9qw4mtArAh", "Doelstellingen", "goals", Kind.LINKS, links_to="goals"),
        Field("fldtb04N7NAENsWjX", "Order", "order", Kind.NUMBER),
        Field("flddL1wlvZ8RVVEJu", "Overtuigingsniveau", "levels", Kind.SELECTS),
    ),
)

MINDSET_CATEGORIES = Table(
    key="mindsetCategories",
    title="Mindset Category",
    fields=(
        Field("fld3L559RRyjedc3f", "Name", "name"),
        Field(
            "fldrUlOKsApMJkWXf",
            "Overtuigingen",
            "overtuigingen",
            Kind.LINKS,
            links_to="overtuigingen",
        ),
        Field("fldKRjsDx0TsKwmAQ", "Volgorde", "order", Kind.NUMBER),
        Field("fld5jYGIx4AY17a4w", "Inhoud", "content"),
        Field("fldTVKGj4LISwoYQr", "Doelstellingen", "goals", Kind.LINKS, links_to="goals"),
    ),
)

GOEDE_GEWOONTES = Table(
    key="goedeGewoontes",
    title="Goede gewoontes",
    view="App",
    fields=(
        Field("fldVR1yiFbpLaafe4", "Name", "name"),
        Field("fldz1n17gRwkoUmge", "Notes", "notes"),
    ),
)

TRANSLATIONS = Table(
    key="translations",
    title="Vertalingen",
    fields=(
        Field(None, "Key", "key"),
        Field(None, "nl", "nl"),
        Field(None, "fr", "fr"),
        Field(None, "en", "en"),
        Field(None, "Context", "context"),
    ),
)
