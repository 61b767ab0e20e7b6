"""Renders chat templates with transformers, for our interpreter to be held against.

    python oracle/chat_templates.py fixture              the committed cases, all of templates written here
    python oracle/chat_templates.py fuzz SEED COUNT OUT  COUNT random templates
    python oracle/chat_templates.py real OUT FOLDER...   the templates of model folders, each with many conversations

A case is a line of JSON: `template` and `variables` (or `folder` and `chat`), and what transformers makes of them, `text`
with `spans` of characters (code points) for {% generation %}, or the `error`: syntax, raised (with `message`) or runtime.
The clock stands at 2024-07-26 09:05:03.
"""

import json
import random
import sys
import warnings
from datetime import datetime
from pathlib import Path

import jinja2
import transformers
from transformers.utils import chat_template_utils as utils

FIXTURE = Path(__file__).resolve().parent.parent / "core/src/test/resources/fixtures/chat-templates.jsonl"


class Clock(datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26, 9, 5, 3)


utils.datetime = Clock
warnings.simplefilter("ignore")  # Python's own about the code that Jinja makes of random templates


def outcome(render):
    try:
        return render()
    except jinja2.TemplateSyntaxError:
        return {"error": "syntax"}
    except jinja2.exceptions.TemplateError as error:
        if type(error) is jinja2.exceptions.TemplateError:
            return {"error": "raised", "message": str(error)}
        return {"error": "runtime"}
    except SyntaxError:
        return {"error": "syntax"}
    except RecursionError:
        return None
    except Exception:
        return {"error": "runtime"}


def run(template, variables):
    def render():
        compiled = utils._cached_compile_jinja_template(template)
        blocks, spans = [], []
        with compiled.environment.activate_tracker(blocks, spans):
            for block in compiled.generate(**json.loads(json.dumps(variables))):
                blocks.append(block)
        return {"text": "".join(blocks), "spans": spans}

    result = outcome(render)
    if result is None or " at 0x" in result.get("text", "").lower():
        return None  # an address in memory
    return {"template": template, "variables": variables, **result}


VARIABLES = {
    "n": 7, "m": -3, "f": 2.5, "t": True, "u": None, "s": "Hello, World", "e": "", "w": "  a b\tc \n", "uni": "Straße 😀é",
    "big": 12345678901234567890, "l": [3, 1, 2], "ls": ["b", "A", "c", "a"], "el": [], "nested": [[1, 2], [3], []],
    "d": {"b": 1, "a": 2, "items": "x", "nested": {"k": [1, {"z": None}]}}, "ed": {},
    "people": [{"name": "Bo", "age": 31, "city": "Oslo"}, {"name": "al", "age": 7, "city": "oslo"},
               {"name": "Cy", "age": 31}],
    "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": " Yo <b> "}],
}

EXPRESSIONS = r"""
1 + 2 * 3 - 4 / 5 | 7 // 2 | -7 // 2 | 7 % -3 | -7.5 % 2 | 2 ** 10 | 2 ** -1 | -2 ** 2 | 2 ** 3 ** 2 | 10 / 4 | 10 / 5
1e3 | 1.5e-7 | 1e16 | 123456789012345.0 | 0.1 + 0.2 | 1_000 | 0x1F | 0b101 | 0o17 | 1e400 | -0.0 | 3.0 | 1 / 3 | big * big | 2 ** 100
"a" "b" ~ 1 ~ none ~ true | 'it\'s' | "\n\t\\" | "\x41\u00e9" | '\q' | [1, 'a', none, true, 1.0] | (1,) | () | (1, 2) | {'a': 1, 2: [3]}
[1, 2] + [3] | 'ab' * 3 | 3 * [0] | (1, 2) + (3,) | 'a' + 1 | 1 + 'a' | true + 1 | 'a' < 'b' | 1 < 2 < 3 | 1 < 2 > 5 | [1, 2] < [1, 3] | 1 == 1.0
1 == true | 'a' == 1 | none == none | 'x' in 'xyz' | 1 in [1] | 'k' in d | 'b' in d | 3 not in l | not n | n and s | e or 'z' | undefinedthing
undefinedthing.foo | undefinedthing + 1 | undefinedthing == 1 | undefinedthing is defined | undefinedthing ~ 'x' | d.b | d['b'] | d.items | d['items'] | d.missing | d.nested.k[1].z
l[0] | l[-1] | l[9] | l[1:] | l[::-1] | l[:2] | s[1:4] | s[::-1] | s[-3:] | s[::2] | uni[-2:] | uni[7] | l['x'] | s.foo | (1, 2, 3)[1:] | range(5)[1:3] | n[0] | l[::0]
'yes' if n > 3 else 'no' | 'yes' if n > 30 | ('yes' if false).foo | s.upper() | s.lower() | s.title() | s.swapcase() | s.split() | s.split(', ') | s.split('l', 1) | s.rsplit('l', 1)
w.strip() | w.lstrip() | w.rstrip() | s.strip('Hd') | s.startswith('He') | s.endswith(('x', 'ld')) | s.find('o') | s.rfind('o') | s.index('z') | s.count('l') | s.replace('l', 'L', 1) | s.center(20) | s.ljust(15, '.') | s.rjust(15) | '7'.zfill(3)
s.partition(', ') | s.rpartition('o') | ', '.join(ls) | ','.join(l) | 'a\nb\r\nc'.splitlines() | 'a\nb'.splitlines(true) | s.isalpha() | '12'.isdigit() | 'ab'.islower() | s.removeprefix('Hello') | s.removesuffix('World') | 'a\tb'.expandtabs(4) | uni.upper() | uni.casefold() | uni.capitalize()
'{} {}'.format(1, 'a') | '{0}{1}{0}'.format('a', 'b') | '{name}'.format(name=s) | '{:>8}|{:<4}|{:^5}'.format('a', 'b', 'c') | '{:05d} {:,} {:x} {:+.2f}'.format(42, 1234567, 255, 3.14159) | '{!r}'.format('a') | '{:.3}'.format(s) | '{:%}'.format(0.25) | '{0[0]}'.format(l) | '{:e}'.format(12345.678) | '{:g}'.format(0.00001)
'%s is %d' % (s, n) | '%5.1f|%-5s|%05d' % (f, 'a', 42) | '%x %o %e' % (255, 8, 12345.678) | '%(a)s' % d | '%d%%' % 5 | '%s' % none | '%r' % 'a' | '%s %s' % 1 | '%c' % 65 | '%g' % 1e-5 | '%+d' % 3
d.keys() | d.values() | d.items() | d.get('b') | d.get('zz') | d.get('zz', 5) | d.pop('b') | d.update({}) | l.append(1) | l.index(1) | l.count(3) | l.index(99) | s.__class__ | d.__class__.__mro__ | d._x | l.copy() | ed.get
people | nested | uni | [uni] | ['\'', '"', '\'"', '\n', '\x00', '\u200b'] | [0.1, 1e22, 1e-5, 100000.0, 1e15, 1e17] | [none, true, undefinedthing]
range(3) | range(1, 7, 2) | range(5, 0, -2) | range(0) | range(1000000) | range(1, 2, 0) | dict(a=1, b=2) | dict([('a', 1)]) | namespace(a=1).a | namespace(a=1) | cycler(1, 2).next() | joiner(', ')() | lipsum | strftime_now('%d %b %Y %H:%M:%S %j %p %A %B %I %y %%') | strftime_now('%Y-%m-%d %-d %e %a') | raise_exception('no: ' ~ n)
-n ** 2 | - n | +m | not not n | n is odd | n is even | n is divisibleby 7 | n is divisibleby(2) | n is number | s is string | t is boolean | t is true | t is false | n is integer | f is float | u is none | d is mapping | l is iterable | s is sequence | n is sequence | d is sequence | el is not defined
n is eq 7 | n is gt 3 | n is in l | 3 is in(l) | s is lower | 'AB' is upper | s is sameas s | s is callable | range is callable | 'upper' is filter | 'nope' is filter | 'odd' is test | s is escaped | n is foo | none is undefined | true is integer | n is not none
"""

FILTERS = r"""
abs attr('b') batch(2)|list batch(2,'x')|list capitalize center(20) count d('z') default('z') default('z',true) dictsort dictsort(true) dictsort(false,'value') dictsort(reverse=true) dictsort(by='foo') e escape filesizeformat filesizeformat(true) first float float(9.5) forceescape
format(1) format('a','b') groupby('city') groupby('age')|list groupby('city',default='none') indent indent(2) indent(2,true) indent('>',true,true) int int(5) int(0,16) int(base=2) items|list join join(',') join(', ',attribute='name') last length list lower map('upper')|list map(attribute='name')|list
map(attribute='city',default='?')|list map('int')|join('-') map('nope')|list min max min(attribute='age') max(attribute='age') reject('odd')|list rejectattr('city')|list rejectattr('age','eq',31)|list replace('o','0') replace('l','L',1) replace('','-') reverse|list reverse round round(1) round(1,'floor') round(1,'ceil') round(-1) round(0,'x') safe select|list select('string')|list
select('gt',1)|list selectattr('city')|list selectattr('age','gt',10)|list selectattr('city','defined')|map(attribute='name')|list slice(2)|list slice(2,'x')|list sort sort(reverse=true) sort(case_sensitive=true) sort(attribute='age') sort(attribute='age,name') string sum sum(attribute='age') sum(start=10) title tojson tojson(indent=2) tojson(ensure_ascii=true)
tojson(sort_keys=true) tojson(separators=(',',':')) tojson(indent=4,sort_keys=true) trim trim('H d') truncate(5) truncate(9,true) truncate(9,true,'') truncate(5,leeway=0) unique|list unique(true)|list unique(attribute='age')|list upper urlencode wordcount nosuchfilter length|string first|upper attr('__class__') tojson|safe
"""

TEMPLATES = [
    "a\n{% if true %}\n  b\n{% endif %}\nc\n",
    "a  {%- if true -%}  b  {%- endif -%}  c",
    "a\n   {% if true %}x{% endif %}   \nb",
    "  {%+ if true %}x{%+ endif %}\n y",
    "{# c #}\na{#- d -#} b\n{# multi\nline #}\nc {#+ e +#}\nd",
    "{% raw %}\n{{ x }} {% y %}\n{% endraw %}\nz",
    "a {%- raw -%} {{ }} {%- endraw -%} b",
    "{{ 'a' }}\n{{ 'b' -}}\n c\n",
    "x\r\ny\rz\n\n",
    "{% for i in l %}{{ loop.index }}/{{ loop.length }}:{{ i }}{{ ',' if not loop.last }}{% endfor %}",
    "{% for i in l %}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle('a', 'b') }}{{ loop.depth }}{{ loop.changed(i > 1) }};{% endfor %}",
    "{% for i in el %}x{% else %}none{% endfor %}{% for i in u or [] %}{% else %}E{% endfor %}",
    "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}{% for k in d %}{{ k }}{% endfor %}{% for c in uni %}{{ c }}.{% endfor %}",
    "{% for p in people if p.age > 10 %}{{ loop.index }}/{{ loop.length }}{{ p.name }}{{ loop.last }}{% else %}no{% endfor %}",
    "{% for i in range(10) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "{% for i in [1] %}{% continue %}{% else %}else{% endfor %}",
    "{% for x in nested recursive %}[{% if x is iterable %}{{ loop(x) }}{% else %}{{ x }}@{{ loop.depth }}{% endif %}]{% endfor %}",
    "{% for a, b in [(1, 2), (3, 4)] %}{{ a + b }} {% endfor %}{% for a, b in [(1, 2, 3)] %}{% endfor %}",
    "{% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% set x = 1 %}{% for i in l %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}",
    "{% set ns = namespace(total=0, found=false) %}{% for i in l %}{% set ns.total = ns.total + i %}{% endfor %}{{ ns.total }}{{ ns.found }}{{ ns.nope }}{{ ns['total'] }}",
    "{% set n.x = 1 %}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set t = 1, %}{{ t }}",
    "{% set block %}text {{ n }}{% endset %}[{{ block }}]{% set up | upper | trim %} ab {% endset %}[{{ up }}]",
    "{% macro m(a, b=2, c=a) %}{{ a }}-{{ b }}-{{ c }};{% endmacro %}{{ m(1) }}{{ m(1, c=5) }}{{ m(b=3, a=4) }}{{ m() }}",
    "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(z=2) }}",
    "{% macro m(a) %}<{{ caller(a) }}>{% endmacro %}{% call(x) m(3) %}got {{ x }}{% endcall %}",
    "{% macro m() %}{{ caller is defined }}{{ caller() if caller }}{% endmacro %}{{ m() }}{% call m() %}C{% endcall %}",
    "{% macro fact(k) %}{{ 1 if k < 2 else k * (fact(k - 1)|int) }}{% endmacro %}{{ fact(10) }}",
    "{% macro m(a) %}x{% endmacro %}{{ m.name }}{{ m.arguments }}{{ m }}",
    "{% filter upper | replace('A', 'b') %}banana {{ s }}{% endfilter %}",
    "{% with a = 1, b = n %}{{ a }}{{ b }}{% endwith %}{{ a }}",
    "{% block x %}block {{ n }}{% endblock %}",
    "{% block x scoped %}{{ n }}{% endblock x %}",
    "{% for i in l %}{% block y %}{{ i }}{% endblock %}{% endfor %}",
    "{% for i in l %}{{ n }}{% endfor %}{% set n = 1 %}{{ n }}",
    "{% macro m() %}{{ n }}{% endmacro %}{{ m() }}{% set n = 1 %}{{ m() }}",
    "{% if u %}{% set n = 1 %}{% endif %}{{ n }}",
    "{% for i in l %}{% if i == 1 %}{% set n = 9 %}{% endif %}{{ n }}{% endfor %}",
    "{% for i in l %}{% for j in l %}{{ n }}{% endfor %}{% set n = i %}{% endfor %}",
    "{% if n > 100 %}a{% elif n > 5 %}b{% elif 1/0 %}c{% else %}d{% endif %}",
    "{% if n %}{{ s | nosuch }}{% endif %}", "{% if u %}{{ s | nosuch }}{% endif %}ok", "{{ s | nosuch }}", "{{ 1 if t else s is nosuch }}",
    "{% print n, s %}", "{% include 'x' %}", "{% extends 'x' %}", "{% import 'x' as y %}", "{% do l.append(1) %}", "{% foo %}",
    "{% if %}", "{{ }}", "{{ 1 + }}", "{% for %}", "{% endfor %}", "{% if t %}", "{{ 'a }}", "{{ a b }}", "{% break %}", "{{ (1, 2 }}",
    "{% set loop = 1 %}{{ loop }}", "{% for i in l %}{% set loop = 1 %}{% endfor %}", "{% set true = 1 %}", "{{ f(a=1, 2) }}", "{{ {'a' 1} }}",
    "{# unclosed", "{% raw %}x", "{{ a.1 }}", "{{ l.0 }}{{ l.1 }}", "{{ 1.5.x }}", "{{ x is defined is defined }}", "{{ l[1:2, 3] }}",
    "{{ caller }}{{ varargs }}{{ loop }}", "{{ messages[0]['role'] ~ messages[-1].content|trim }}",
    "{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}|{% endfor %}",
    "é😀{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% set n = 2 %}{% endgeneration %}{{ n }}{% endif %}{% endfor %}",
    "{{ '<' | e }}{{ ('<' | e) + '<' }}{{ '<' ~ ('<' | safe) }}{{ ('<b>' | safe) + '<' }}",
    "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.current }}{{ c.next() }}{{ c.next() }}{% set j = joiner() %}{{ j() }}x{{ j() }}y{{ j() }}",
    "{% set x = l | map('string') %}{{ x | join }}{{ x | join }}", "{{ l | select('odd') | length }}", "{{ (l | map('string') | list)[0] + 'x' }}",
    "{% filter length %}abc{% endfilter %}", "{% call range(3) %}x{% endcall %}", "{{ '{:05}'.format('a') }}{{ '{:05}'.format(-3) }}", "{{ 0 / -1 }}",
    "{{ 'Hello' % range(1) }}{{ 'Hello' % l }}", "{{ big * [] }}", "{{ big | round(1, 'ceil') }}", "{{ ('a b' | safe).split() }}{{ ('a' | safe).upper() + '<' }}",
    "{{ dict(d, z=1) }}{{ dict(**d) }}{{ [1, *l] }}", "{% set f2 = s.upper %}{{ f2() }}", "{{ d | length }}{{ s | length }}{{ uni | length }}",
    "{%- for message in messages -%}\n    {{- '<|' + message['role'] + '|>\\n' + message['content'] + '\\n' -}}\n{%- endfor -%}\n{%- if add_generation_prompt -%}{{ '<|assistant|>\\n' }}{%- endif -%}",
]


def fixture():
    cases = []
    for line in EXPRESSIONS.strip().splitlines():
        # A bar with blanks around it parts expressions; filters here have none.
        cases += [("{{ " + expression.strip() + " }}") for expression in line.split(" | ")]
    filters = FILTERS.split()
    values = ["n", "f", "s", "l", "ls", "people", "d", "w", "undefinedthing", "u", "uni", "'%s-%s'", "'12.7'", "1234567"]
    pick = random.Random(7)
    for name in filters:
        cases += ["{{ " + value + "|" + name + " }}" for value in pick.sample(values, 7)]
    cases += TEMPLATES
    results = [result for result in (run(template, VARIABLES) for template in cases) if result is not None]
    FIXTURE.parent.mkdir(parents=True, exist_ok=True)
    with open(FIXTURE, "w", encoding="utf-8") as out:
        versions = f"transformers {transformers.__version__}, jinja2 {jinja2.__version__}"
        out.write(json.dumps({"made_by": f"oracle/chat_templates.py with {versions}", "variables": VARIABLES}) + "\n")
        for result in results:
            del result["variables"]
            out.write(json.dumps(result, ensure_ascii=False) + "\n")
    print(f"{len(results)} cases, {FIXTURE.stat().st_size} bytes")


class Generator:
    """Random templates, mostly valid, of values of every type."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.numbers = ["n", "m", "f", "t", "big", "0", "2", "-1", "3.5", "1e-3", "0.1", "17"]
        self.names = [*VARIABLES, "undefinedthing", "x", "y"]

    def expression(self, depth=2):
        pick, sub = self.random.choice, lambda: self.expression(depth - 1)
        if depth == 0 or self.random.random() < 0.2:
            return pick([
                lambda: pick(self.names), lambda: pick(self.names), lambda: str(self.random.randint(-3, 40)),
                lambda: pick(["'a'", "'Hello, World'", "''", "' x '", "'é😀'", "1.5", "1e20", "0.1", "true", "none", "[]", "{}"]),
            ])()
        return pick([
            lambda: f"{sub()} {pick('~ == != and or'.split())} {sub()}",
            lambda: f"{pick(self.numbers)} {pick('+ - * / // % < > <= >='.split())} {pick(self.numbers)}",
            lambda: f"{pick(self.numbers)} ** {pick(['0', '2', '-1', '3', 't'])}",
            lambda: f"{sub()} {pick('+ - * / // % < > in'.split())} {sub()}",
            lambda: f"({sub()})", lambda: f"not {sub()}", lambda: f"-{sub()}", lambda: f"[{sub()}, {sub()}]",
            lambda: f"({sub()}, {sub()})", lambda: "{" + f"'k': {sub()}, {self.random.randint(0, 3)}: {sub()}" + "}",
            lambda: f"({sub()} if {sub()} else {sub()})", lambda: f"({sub()})[{pick(['0', '-1', repr('b')])}]",
            # Not of constants: Jinja's compiler makes nothing of (1)[1:], its code an error.
            lambda: f"{pick(self.names)}[{pick(['1:', '::-1', ':2', '::2', '-2:', '1:-1'])}]",
            lambda: f"({sub()})[{sub()}]", lambda: f"({sub()})|{pick(FILTERS.split())}", lambda: f"({sub()})|{pick(FILTERS.split())}",
            lambda: f"({sub()}).{pick(['b', 'name', 'items()', 'upper()', 'split()', 'strip()', 'keys()', 'title()', 'nested.k', 'get(' + repr('a') + ')', 'count(1)', 'replace(' + repr('a') + ', ' + repr('bb') + ')', 'x'])}",
            lambda: f"({sub()}) is {pick('odd even defined none string number mapping sequence iterable boolean lower upper integer float true callable escaped'.split())}",
            lambda: f"({sub()}) is {pick('eq ne lt gt in sameas divisibleby'.split())}({sub()})",
            lambda: f"'{pick(['%s', '%d', '%5.2f', '%x', '%r', '%-6s|', '%05d', '%e', '%g', '%+d'])}' % ({sub()})",
            lambda: f"'{pick(['{}', '{:>6}', '{:.2f}', '{:,}', '{!r}', '{:05}', '{:^9}', '{:g}', '{:x}', '{:e}', '{:.3}'])}'.format({sub()})",
            lambda: f"range({self.random.randint(0, 5)})", lambda: f"dict(a={sub()})",
        ])()

    def statements(self, depth=2):
        return "".join(self.statement(depth) for _ in range(self.random.randint(1, 3)))

    def statement(self, depth):
        pick, body = self.random.choice, lambda: self.statements(depth - 1)
        begin, end = pick(["{%", "{%-", "{%", "{%+"]), pick(["%}", "-%}", "%}"])
        tag = lambda text: f"{begin} {text} {end}"
        space = pick(["", " ", "\n", "\n  ", "text", " a\n"])
        print_ = lambda: space + "{{ " + self.expression() + pick([" }}", " -}}"])
        if depth == 0:
            return print_()
        variable = pick(["x", "y", "n", "s"])
        return space + pick([
            print_, print_,
            lambda: tag(f"if {self.expression(2)}") + body() + tag("else") + body() + tag("endif"),
            lambda: tag(f"for {variable} in {pick(['l', 'ls', 'people', 'd', 'range(3)', 's', 'el', self.expression(1)])}")
            + body() + pick(["", "{{ loop.index }}", "{% if loop.last %}{% break %}{% endif %}", "{{ loop.changed(" + variable + ") }}"]) + tag("endfor"),
            lambda: tag(f"set {variable} = {self.expression(2)}"),
            lambda: tag(f"set {variable}") + body() + tag("endset"),
            lambda: tag(f"macro mac({variable}, q={self.expression(1)})") + body() + "{{ q }}" + tag("endmacro") + "{{ mac(" + self.expression(1) + ") }}",
            lambda: tag(f"with {variable} = {self.expression(1)}") + body() + tag("endwith"),
            lambda: tag("filter " + pick(["upper", "trim", "title", "length", "indent(2)"])) + body() + tag("endfilter"),
            lambda: "{% set ns = namespace(a=0) %}" + tag("for i in l") + tag(f"set ns.a = {self.expression(1)}") + tag("endfor") + "{{ ns.a }}",
            lambda: "{# " + space + " #}" + space,
        ])()


def fuzz(seed, count, out):
    generator = Generator(int(seed))
    with open(out, "w", encoding="utf-8") as lines:
        lines.write(json.dumps({"variables": VARIABLES}) + "\n")
        for _ in range(int(count)):
            result = run(generator.statements(), VARIABLES)
            if result is not None:
                del result["variables"]
                lines.write(json.dumps(result) + "\n")


def user(text): return {"role": "user", "content": text}
def system(text): return {"role": "system", "content": text}
def assistant(text, **more): return {"role": "assistant", "content": text, **more}
def called(name, content="", **arguments):
    call = {"id": "call00001", "type": "function", "function": {"name": name, "arguments": arguments}}
    return {"role": "assistant", "content": content, "tool_calls": [call]}


TOOLS = [
    {"type": "function", "function": {"name": "get_weather", "description": "Gets the weather.\nNow.", "parameters": {
        "type": "object", "required": ["city"], "properties": {
            "city": {"type": "string", "description": "The city's name"}, "days": {"type": "integer", "default": 3},
            "unit": {"type": "string", "enum": ["C", "F"]}, "tags": {"type": "array", "items": {"type": "string"}},
            "where": {"type": "object", "properties": {"lat": {"type": "number"}}}}},
        "return": {"type": "string"}}},
    {"type": "function", "function": {"name": "noop", "description": "Does <nothing> & 'more' é", "parameters": {"type": "object", "properties": {}}}},
]
RESULT = {"role": "tool", "tool_call_id": "call00001", "name": "get_weather", "content": "{\"temp\": 21.5}"}
TURNS = [user("Hello"), assistant(" Hi <there> & 'all' "), user("And\nnow?\n")]
CONVERSATIONS = [
    [user("Hello")], [user("  Hello é😀 \n")], [system("Be brief."), user("Hello")], TURNS, [system("S"), *TURNS], [*TURNS, assistant("Bye")],
    [user("a"), user("b")], [assistant("a"), user("b")], [system("only")], [user("a"), system("late"), assistant("b")],
    [user("W?"), called("get_weather", city="Oslo", days=2), RESULT], [user("W?"), called("get_weather", city="Oslo"), RESULT, assistant("21.5"), user("Thanks")],
    [user("W?"), called("get_weather", "Let me see.", city="Ør"), RESULT, assistant("fine")],
    [user("q"), assistant("<think>\nhm\n</think>\n\nanswer"), user("r"), assistant("<think>x</think>last")],
    [user("q"), assistant("answer", reasoning_content="because"), user("r")], [user("q"), assistant("answer", thinking="because"), user("r")],
    [user([{"type": "text", "text": "part one"}, {"type": "text", "text": "two"}]), assistant("ok")],
    [{"role": "developer", "content": "dev"}, user("x")], [{"role": "alien", "content": "y"}], [user(None)], [{"role": "user"}],
]
OPTIONS = [
    {}, {"add_generation_prompt": True}, {"tools": TOOLS}, {"tools": TOOLS, "add_generation_prompt": True}, {"tools": []},
    {"add_generation_prompt": True, "enable_thinking": False}, {"add_generation_prompt": True, "enable_thinking": True, "date_string": "1 Jan 2025", "reasoning_effort": "high"},
    {"documents": [{"title": "T", "text": "body"}], "add_generation_prompt": True}, {"continue_final_message": True}, {"tools_in_user_message": False, "tools": TOOLS[:1]},
]


def real(out, *folders):
    with open(out, "w", encoding="utf-8") as lines:
        for folder in folders:
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
            for messages in CONVERSATIONS:
                for options in OPTIONS:
                    def render():
                        options_copy = json.loads(json.dumps(options))
                        return {"text": tokenizer.apply_chat_template(json.loads(json.dumps(messages)), tokenize=False, **options_copy)}
                    result = outcome(render)
                    lines.write(json.dumps({"folder": str(folder), "chat": {"messages": messages, **options}, **result}) + "\n")


if __name__ == "__main__":
    {"fixture": fixture, "fuzz": fuzz, "real": real}[sys.argv[1]](*sys.argv[2:])
