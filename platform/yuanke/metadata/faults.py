"""Where faults are gathered, and the list of their codes. Rule: gather all, tell all, then stop."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from yuanke.kernel.diagnostics import Diagnostic, Span
from yuanke.kernel.text import Label
from yuanke.metadata.node import Node

#: code -> what it means, for people and the reference; `docs/dialect.md` lists them and a test compares
CODES = {
    "E101": Label("文件不是 YAML", "The file is not YAML"),
    "E102": Label("键不是普通的词", "A key is not a plain word"),
    "E103": Label("同一处写了两次同一个键", "A key stands twice in one map"),
    "E104": Label("行内写法把表达式切断了", "An expression in a flow map is cut in two"),
    "E105": Label("文件太大、层次太深或展开太多", "The file is too big, too deep, or unfolds too far"),
    "E106": Label(
        "写了方言里没有的东西（标签、无穷大等）",
        "A YAML tag, an infinite number or another thing the dialect does not have",
    ),
    "E107": Label("文件不是 UTF-8 文本", "The file is not UTF-8 text"),
    "E108": Label("文件里没有键值，或有几份文档", "The file holds no map, or several documents"),
    "E109": Label("文件打不开", "The file cannot be opened"),
    "E201": Label("这里没有这个键", "A key the dialect does not have here"),
    "E202": Label("值的种类不对", "A value of the wrong kind"),
    "E203": Label("不能用作名称", "A name that cannot be a name"),
    "E204": Label("名称已被占用", "A name that is taken"),
    "E205": Label("缺少必须写的键", "A key that must be there is missing"),
    "E206": Label("没有写字段类型，或没有这种类型", "A field type that does not exist, or none"),
    "E207": Label("不是这里可以写的词", "A word that is not one of those allowed here"),
    "E208": Label("两个键不能同时写", "Two keys that exclude each other"),
    "E209": Label("这种字段没有这个键", "A key that this type of field does not have"),
    "E210": Label("没有这个对象", "An entity that does not exist"),
    "E211": Label("没有这个字段", "A field that does not exist"),
    "E212": Label("没有这个角色", "A role that does not exist"),
    "E213": Label("没有这个数据范围", "A scope that does not exist"),
    "E214": Label("没有这个选项或状态", "An option or state that does not exist"),
    "E215": Label("没有这个流转或操作", "A transition or action that does not exist"),
    "E216": Label("没有这个台账、维度、度量或过账", "A ledger, dimension, measure or post that does not exist"),
    "E217": Label("没有这个视图、报表、看板或字典", "A view, report, dashboard or dictionary that does not exist"),
    "E218": Label("两处争用一个名称", "A name that two things want"),
    "E219": Label("这种关联不成立", "A relation that cannot stand like this"),
    "E220": Label(
        "正则、编号格式、计划或时长读不懂", "A pattern, number format, schedule or duration that cannot be read"
    ),
    "E221": Label("字段自己会拒绝的值", "A value that its own field would refuse"),
    "E222": Label("超过方言允许的数量", "More than the dialect allows"),
    "E301": Label("同级的两层互相矛盾", "Two layers of the same rank disagree"),
    "E302": Label("没有可以改动或去掉的内容", "Nothing here to change or take away"),
    "E303": Label("改了别的模块却没有声明依赖", "A module changes another without depending on it"),
    "E304": Label("模块互相依赖成环", "Modules depend on each other in a circle"),
    "E305": Label("没有这个模块", "A module that is not there"),
    "E306": Label("改动了封存的值", "A sealed value is changed"),
    "E307": Label("两层用了同一个名称", "One name for two layers"),
    "E308": Label("做不到的位置、顺序或改名", "A place, order or renaming that cannot be done"),
    "E309": Label("模块的版本不是所要求的", "A module of another version than the one asked for"),
    "E401": Label("表达式读不懂，或提到不存在的东西", "An expression that cannot be read or names what does not exist"),
    "E402": Label("公式互相等待", "Formulas that wait for each other"),
    "E403": Label("不能保存结果的表达式", "An expression that may not be stored"),
    "E404": Label("需要在数据库里计算而做不到的表达式", "An expression that has no SQL where one is needed"),
    "E405": Label("要求计算字段做只有保存的字段才能做的事", "A computed field asked to do what only a stored one can"),
    "W601": Label("必填字段谁也不能填", "A required field that nobody may write"),
    "W602": Label("对象谁也不能用", "An entity that nobody may use"),
    "W603": Label("角色声明了两次", "A role declared twice"),
    "W604": Label("不起作用的键或文字", "A key or text that can have no effect"),
    "W605": Label("表单里没有必填字段", "A required field that the form leaves out"),
    "W606": Label("没有流转通向的状态", "A state that no transition leads to"),
    "W607": Label("没有出路的未结束状态", "An open state that no transition leads out of"),
    "W608": Label("谁也不能做的流转", "A transition that nobody may take"),
    "W609": Label("还没有生效的键", "A key that is checked, but not in force yet"),
}


def told(fault: Diagnostic, locale: str) -> tuple[str, str]:
    """What is wrong and what to do, for a person. Where no sentence stands in both languages, readers of Chinese get
    the meaning of the code in theirs and then the sentence as authors of files read it.
    """
    if fault.said is not None:
        return fault.said.say(locale), ""
    if locale.startswith("en") or fault.code not in CODES:
        return fault.summary, fault.detail
    return CODES[fault.code].zh, f"{fault.summary}. {fault.detail}"


#: a longer line is not shown: nobody finds the caret in it
_LONGEST_LINE = 400


class Faults:
    """A growing list of diagnostics. ``source`` gives the text of a line for the caret."""

    def __init__(self, source: Callable[[Span], str] | None = None) -> None:
        self.found: list[Diagnostic] = []
        self._source = source or (lambda span: "")
        self._told: set[tuple[str, Span, str]] = set()

    def add(
        self,
        code: str,
        where: Node | Span,
        summary: str,
        detail: str,
        other: Node | Span | None = None,
        said: Label | None = None,
    ) -> None:
        span = where.span if isinstance(where, Node) else where
        second = other.span if isinstance(other, Node) else other
        if (code, span, summary) in self._told:
            return
        self._told.add((code, span, summary))
        line = self._source(span)
        shown = line if len(line) <= _LONGEST_LINE else ""
        self.found.append(Diagnostic(code, summary, detail, span, second, shown, said))

    def at(self, node: Node) -> bool:
        """Whether something was told of this very place."""
        return any(d.span == node.span for d in self.found)

    def line(self, span: Span) -> str:
        """The text of the line at ``span``, "" when it is not known."""
        return self._source(span)

    def take(self, found: Iterable[Diagnostic]) -> None:
        self.found.extend(found)

    @property
    def wrong(self) -> bool:
        return any(not d.is_warning for d in self.found)

    def sorted(self) -> list[Diagnostic]:
        return sorted(self.found, key=lambda d: (d.is_warning, d.span, d.code, d.summary))
