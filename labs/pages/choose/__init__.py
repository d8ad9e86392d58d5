"""The page Choose: answers in, a ranking of configurations out, each reason with what it rests on.

`rules.toml` says what is asked and known, `scenarios.toml` twelve answered cases. `model` looks up what the rules ask
the recorded runs for, `engine` ranks (js/choose-engine.mjs does the same in the browser), `turning` says what would
change the answer, `bill` what it costs a day, `page` writes all of it as HTML that needs no script, and `three` counts
what the article's three criteria decide.
"""
