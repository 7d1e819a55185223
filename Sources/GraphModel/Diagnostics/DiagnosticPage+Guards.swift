extension DiagnosticPage {
    /// About guards and protection.
    static let guardPages = [
        DiagnosticPage(
            "E0601",
            "protected",
            """
            The live object says protect: true, and the configuration has no such object any more.
            Declare it again, or allow its removal by name: sluice apply --allow-remove NAME.
            """
        ),
        DiagnosticPage(
            "E0602",
            "many exports would go",
            """
            The plan removes a larger part of all exports than the guard allows. If that is meant,
            allow the removals by name; if not, a file is probably missing.
            """
        ),
        DiagnosticPage(
            "E0603",
            "exports with clients would go",
            """
            The plan removes more exports that clients are connected to than the guard allows. If
            that is meant, allow the removals by name.
            """
        ),
        DiagnosticPage(
            "E0604",
            "many objects would go",
            """
            The plan removes more objects than the guard allows. If that is meant, allow the
            removals by name; if not, a file is probably missing.
            """
        ),
        DiagnosticPage(
            "E0605",
            "part of a plan",
            """
            The part of a plan that was asked for cannot stand by itself: it would leave a
            reference to nothing, or a graph that is not legal. Take in what the message names, or
            plan the whole.
            """
        ),
        DiagnosticPage(
            "E0611",
            "clients are connected",
            """
            The plan would take away or change an export that clients use, and its on-remove says
            refuse. End the clients first, or say on-remove: drain (let them finish) or
            disconnect.
            """
        ),
        DiagnosticPage(
            "E0620",
            "a way back cannot be promised",
            """
            With --confirm, an apply goes back by itself unless somebody confirms it. Going back
            from this plan would lose what is written in the meantime, so it is refused. Apply it
            without --confirm, or make the change in a way that can be undone.
            """
        ),
    ]
}
