"""What people say around a wish that changes nothing of it: reasons, occasions, thanks."""

from train.language.change import split_lines

WHO = split_lines("""
    sister|daughter|mum|mother|nan|gran|wife|husband|son|boyfriend|girlfriend|best friend|niece|aunt|brother
mate
    grandma|cousin|mother-in-law|granddaughter|partner|friend|boss|flatmate|teenager|dad
""")
EVENTS = split_lines("""
    wedding|birthday|graduation|christening|party|hen do|interview|job interview|holiday|prom|funeral
baby shower
    anniversary|work do|school concert|leaving do|recital|retirement party|dinner|engagement party|barbecue
baptism
    bar mitzvah|Eid party|Diwali party|Christmas do|festival|cruise|school run|first date|date night|concert
picnic
    conference|ceremony|reunion|gala|garden party|fortieth|sixtieth|court date|photo shoot|housewarming|races
""")
PLACES = split_lines("""
    work|the office|the gym|school|church|university|the beach|the pub|the allotment|walking the dog|yoga
the garden
    a cruise|travelling|the theatre|court|running|everyday wear|weekends|hiking|camping|teaching|nursery
the classroom
    summer|winter|spring|autumn|evenings|Christmas|my holiday|the heat|cold weather|the stables|cycling
the boat|parties
""")
REASONS = split_lines("""
    my office is old-school|my office is freezing|I feel the cold|I run hot|it's for work
    it's cold where I live
    I've got two small kids|I spill everything|I'm on my feet all day|we're off to Turkey in June
it's for a play
    I work outdoors|I've just had a baby|I cycle to work|it's hot here|I'm going to Spain|it's a uniform rule
    my skin is sensitive|I sit at a desk all day|I'm packing light|it's a present|I have a dog that sheds
    I want to look smart|I'm trying to dress better|I teach infants|I'm in my sixties|I'm seventeen
I'm a student
    I dress too much like my mother|my hands are stiff|I'm a bridesmaid|I'm meeting the in-laws
I hate shopping
    I want to wear it all the time|it needs to go with my boots|I've a thing about it|I need a change
    I had one for years|mine has worn out|mine shrank in the wash|I lost mine on the train
    my old one fell apart|the dog ate mine|I push a pram all day|I work on a market stall
I wear a lot of gold
    it has to be formal|it's casual Friday|I'm going for a country look|I'm going for a vintage look
it's for dancing
    I want it to look more expensive|I want something more grown up|I want to stand out
I don't want to stand out
    I'm at a funeral on Tuesday|the dress code is smart casual|my in-laws are coming|the hosts are fussy
    my boss is old-fashioned|I'm always cold|I'm usually a large|I'm between sizes|I've got broad shoulders
    I've a new job|it's for my birthday|we have a theme|it's for a photo|I'm tall|I'm quite short|I'm curvy
    I like to be comfy|I'm very pale|I'm a redhead|I need something for the school run|I'm a bit of a goth
""")
LEADS = split_lines("""
    hi|hello|hiya|hey|ok so|right|hmm|ooh|um|so|well|ok|actually|oh|good morning|hi there|excuse me|tbh
honestly
    love this|love it|I quite like it|nice|so close|nearly|not bad|really nice|beautiful|lovely|this is great
    I like this|it's nearly perfect|I love the look of this|very pretty|gorgeous|it's lovely|this is cute|cute
    almost|great start|I do like it|good|it's nice|I quite like this one|close but|I adore this|fab|stunning
    sorry|last one|changed my mind|going back to this one|thinking again|on second thoughts|same again
""")
TAILS = split_lines("""
    please|please|pls|plz|thanks|thank you|ta|cheers|if possible|if you have it|if that's ok
if you've got one|thx
    many thanks|if there is one|please and thank you|lol|x|xx|if poss|haha|asap|would be great|would be nice
maybe
    that would be perfect|I think|that's all|if that exists|and I'll buy it|preferably|ideally|or similar
or so
    if there's such a thing|for me|would be lovely|would be ideal|I guess|or something|tho|though
would suit me better
    much appreciated|if it exists|thank you so much|kind regards|!|!!|...|and that's it|then I'm sold|instead
ty
""")
OWN = split_lines("""
    red shoes|black boots|navy coat|white trainers|jeans|tights|a chunky cardigan|leggings|black tights
    gold earrings|brown bag
    thermals|a vest|thick socks|white shirts|pearls|my silver necklace|a scarf|pink hair|grey suit
    cowboy boots|green eyes
    red hair|a raincoat|wellies|a hat|swimsuit|a wool scarf|blue eyes|sandals|a cardigan|high heels
    flat shoes|a denim jacket
""")
OPENINGS = (
    "I'll wear it with my {own}", "I always wear {own} underneath", "I've got {own} to wear with it",
    "I can't wear {own} to work", "I need something to go with my {own}", "{event} coming up",
    "I'm {age} and {reason}", "at {age} {reason}", "it's for my {who}'s {event}", "for my {who}'s {event}",
    "I've got a {event} coming up", "for a {event}", "I've a {event} on Saturday", "my {event} is on {day}",
    "I need something for a {event}", "it's for a {event}", "we have a {event} next {month}",
    "my {who} is getting married", "shopping for my {who}", "it's for {place}", "for {place}",
    "I need it for {place}", "{reason}", "{reason}", "{reason}", "{reason}", "my {who} says {reason}",
    "this is for {place}", "I'd wear it to {place}", "going to a {event} in {month}",
    "it's my {who}'s {event}", "I want to wear it for {place}", "my {who} has the same one", "as {reason}",
    "since {reason}", "I have a {event} and {reason}", "I'm buying for my {who}",
    "I'm going to my {who}'s {event}", "thinking of {place}", "{reason} and {reason2}",
    "I'd buy it tomorrow for my {who}", "my {who} would love it", "I need it by {day}",
)  # fmt: skip
CLOSINGS = (
    "to go with my {own}", "to wear over my {own}", "to match my {own}", "it has to go with my {own}",
    "to wear with {own}", "so it goes with my {own}", "as I'll wear my {own} with it",
    "because I wear {own} with everything", "because {reason}", "as {reason}", "since {reason}",
    "for my {who}'s {event}", "for a {event}", "for {place}", "it's for {place}", "it's for my {who}",
    "for my {who}", "cos {reason}", "because I need it for {place}", "- {reason}", "({reason})",
    "to wear to a {event}", "to wear for {place}", "so I can wear it to {place}",
    "so I can wear it for a {event}", "my {who} would approve", "for {day}", "to go with my {shoes}",
    "bc {reason}", "on account of the fact {reason}", "so it goes with my {shoes}", "coz {reason}",
    "seeing as {reason}",
)  # fmt: skip
AGES = (
    "sixteen",
    "nineteen",
    "twenty-five",
    "thirty",
    "fifty-two",
    "sixty-one",
    "seventy",
    "eighty",
    "42",
    "58",
)
DAYS = (
    "Monday",
    "Tuesday",
    "Friday",
    "Saturday",
    "Sunday",
    "Thursday",
    "tomorrow",
    "next week",
    "the weekend",
)
MONTHS = ("August", "June", "May", "December", "September", "July", "March", "week", "month", "October")
SHOES = (
    "boots", "new shoes", "trainers", "sandals", "heels", "bag", "hat", "favourite shoes", "earrings",
    "scarf", "wellies", "brogues",
)  # fmt: skip
