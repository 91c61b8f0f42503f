"""How sentences of wishes begin and end: {t} is what follows the garment, {a} a garment by name."""

from train.language.change import split_lines

LEADS = (
    "",
    "",
    "a ",
    "like this but a ",
    "something like this, ",
    "similar ",
    "need a ",
    "a ",
    "same idea, ",
    "like this, ",
)
"""What comes before a garment by name; "same" is not among them, as "same stripes" asks for what is there."""

KIND_LEADS = ("", "", "a ", "a ", "like this but a ", "matching ", "need a ", "like this: ")
BUTS = (
    "{that} {n} as it is but ", "{this} {n} but ", "{this} {n}, ", "the {n} in the picture but ",
    "this please but ", "same {n} please but ", "same {n} please, only ", "more or less this but ",
    "exact same {n} but ", "that one but ", "similar {n} but ", "lovely {n} but ", "I like this {n} but ",
    "I like the {n} but ", "one like this but ", "", "", "same but ", "this but ", "same ", "the same {n} ",
    "{this} but ", "this one but ", "like this but ", "same thing but ", "similar but ",
    "the one in the photo but ", "same {n} but ", "{that} {n} but ", "just like this only ",
    "{this} {n} only ", "same style but ", "the same thing ", "this exact one but ", "same again but ",
    "like that but ", "something like this but ", "almost, but ", "love it, but ", "nearly perfect, just ",
    "this, ", "the same, only ", "as is but ", "same vibe but ", "same idea but ", "kind of like this but ",
    "exactly the same but ", "that but ", "maybe ", "a version ", "an identical one but ", "ooh this but ",
)  # fmt: skip

ASK = (
    "do you have {this} {t}", "have you got {this} {t}", "does {this} come {t}", "is there a version {t}",
    "could I see {this} {t}", "can I get {this} {t}", "can i have {it} {t}", "is there one like this {t}",
    "any chance of {this} {t}", "could you show me {this} {t}", "got anything like this {t}",
    "would {this} come {t}", "is {this} available {t}", "can you find me one like this {t}",
    "do they make {this} {t}", "how about {this} {t}", "what about one {t}", "can we see {this} {t}",
    "does anyone do one {t}", "would you have something similar {t}", "have you anything similar {t}",
    "do u have {this} {t}", "can u find {this} {t}", "any of these {t}", "is there anything like this {t}",
    "does this exist {t}", "could we try {this} {t}", "do you sell {this} {t}",
    "is it possible to get {this} {t}", "where can I find {this} {t}", "might there be one {t}",
    "can this be done {t}", "could I see something similar {t}", "do you do a {n} like this {t}",
    "can I see the same {n} {t}", "you got {this} {t}", "is there a {n} like this {t}",
    "would it be possible to see {this} {t}", "wondering if {this} comes {t}",
    "what would {this} look like {t}", "can we do {this} {t}",
)  # fmt: skip

ASK_BUT = (
    "do you have {this} but {t}", "is there something like this but {t}",
    "have you got one like this, only {t}", "can I have {this} but {t}",
    "could you find something similar, only {t}", "anything like this but {t}", "got {this} but {t}",
    "is there one that's {t}", "any like this but {t}", "do you have it {t}", "could it be {t}",
    "can it be {t}", "how about {t}", "what about {t}", "maybe {t}", "can you show me one but {t}",
    "is there a similar {n} but {t}", "have you a {n} like this but {t}", "would you have this but {t}",
)  # fmt: skip

MARKS = (
    "?",
    "?",
    "?",
    "??",
    "",
    "",
    " please?",
    ", please?",
    " pls?",
    " at all?",
    " maybe?",
    "? thanks",
    "? ty",
)

ASK_FOR = (
    "do you have {a}", "have you got {a}", "can I see {a}", "is there {a} like {this}",
    "could you show me {a}", "could I see {this} as {a}", "can {this} become {a}",
    "do you have {this} as {a}", "can you do {a}", "would {this} come as {a}", "any chance of {a}",
    "how about {a}", "what about {a} in the same style", "does {this} come as {a}", "can we do {a}",
    "could {this} be {a}", "can I get {a}", "have you {a} like {this}",
    "is there {a} that goes with {this}", "got {a}", "could you find me {a}", "what about {a} instead",
)  # fmt: skip

WANT = (
    "I want {this} {t}", "I'd like {this} {t}", "I need {it} {t}", "looking for one {t}",
    "I'm after {this} {t}", "I'd love {this} {t}", "I'm looking for the same {n} {t}", "would love one {t}",
    "need one {t}", "I want one {t}", "I'd prefer one {t}", "i want the same {n} {t}",
    "after something similar {t}", "show me {this} {t}", "find me {this} {t}", "I'd buy it {t}",
    "I would like the same {n} {t}", "give me {this} {t}", "show me one {t}", "please find one {t}",
    "I'd rather have it {t}", "it needs to be one {t}", "let me see {this} {t}", "gimme {this} {t}",
    "this would be perfect {t}", "I'm hoping to find one {t}", "I need the exact same {n} {t}",
    "get me {this} {t}", "the dream is this {n} {t}", "we need {it} {t}", "I'd wear it {t}",
    "can only wear it {t}", "prefer one {t}",
)  # fmt: skip

WANT_KIND = (
    "I want {a}", "I'd like {a}", "I need {a}", "looking for {a}", "I'm after {a}", "show me {a}",
    "find me {a}", "I'd love {a}", "give me {a}", "I'd rather have {a}", "make it {a}", "turn it into {a}",
    "make me {a}", "need {a}", "I was looking for {a}", "get me {a}", "{a} would be better",
    "I'm hunting for {a}", "gimme {a}", "what I need is {a}", "I really need {a}", "let me see {a}",
    "it should be {a}", "prefer {a}", "ideally {a}",
)  # fmt: skip

DESCRIBE = (
    "make {it} {t}", "I'd like {it} {t}", "could {they} be {t}", "{they} should be {t}", "I want {it} {t}",
    "{t}", "same but {t}", "{t} please", "just make {it} {t}", "but {t}", "go {t}", "can {they} be {t}?",
    "needs to be {t}", "this but {t}", "something {t}", "more like this but {t}", "I'd want {it} {t}",
    "{t} version", "{t} if possible", "the {n} should be {t}", "like {this} but {t}", "and {t}",
)  # fmt: skip

VERSIONS = (
    "{w} version of {this} {n}",
    "{a} version of {this}",
    "{w} version",
    "{a} version",
    "{a} version of the {n}",
    "{a} take on {this}",
    "{w} {n} like {this}",
    "the {w} version",
    "{this} {n} in the {w} version",
    "{w} edition of this",
)
VERBS = frozenset(
    split_lines("""
    add|avoid|bring|change|chop|choose|colour|cut|ditch|do|drop|exchange|find|flip|get|give|go|have|include|leave
    lengthen|let|lose|lower|make|pick|put|raise|remove|replace|scrap|shorten|show|skip|stick|swap|switch|swop|take
    throw|trade|try|turn|use
    """)
)
"""The words that imperatives begin with."""

COMMANDS = (
    "please {c}",
    "can you {c}?",
    "could you {c}?",
    "can u {c}",
    "can we {c}?",
    "could we {c}?",
    "would you {c}?",
    "just {c}",
    "maybe {c}",
    "can you please {c}",
    "could you please {c}?",
    "I'd {c}",
    "let's {c}",
    "is it possible to {c}?",
    "you should {c}",
    "they should {c}",
    "please could you {c}",
    "would it be possible to {c}?",
    "pls {c}",
    "{c} please",
    "can somebody {c}",
    "I want you to {c}",
    "you need to {c}",
    "could they {c}?",
    "why not {c}",
    "we could {c}",
)
