"""Writers of a trace: text, LaTeX, Markdown, HTML. All of them walk the one `Document` that `document` makes of it."""
