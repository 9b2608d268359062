"""After the sale: questions are answered, complaints handled, things repaired, customers asked how they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from .company import Company
from .market import Customer
from .sizes import DAYS

SERVICE, TECHNICIAN = "heting", "majun"
#: subject, type, what was said, what helped
QUESTIONS = [
    (
        "报表导出后中文乱码",
        "question",
        "用户用旧版表格软件打开导出的文件，中文显示为问号。",
        "改用“导出 Excel”，并提供了编码说明。",
    ),
    ("手机端收不到审批提醒", "fault", "升级系统后消息推送不到，其他功能正常。", "重新授权通知权限，确认收到测试消息。"),
    ("新员工培训", "training", "三名新同事需要远程培训客户和订单两个模块。", "线上培训 90 分钟，录像已发给对方。"),
    ("条码打印机卡纸", "fault", "连续打印二百张后卡纸，已自行清理一次。", "指导更换压纸轮，测试打印正常。"),
    ("服务器硬盘告警", "fault", "巡检发现一块硬盘告警灯亮。", "热插拔更换硬盘，阵列重建完成。"),
    ("权限配置咨询", "question", "希望华东、华南两个团队互相看不到客户。", "按部门设置数据范围，并一起验证。"),
    ("版本升级", "upgrade", "申请升级到最新版本，要求周末进行。", "周六上午升级完成，数据核对无误。"),
    ("手持终端无法联网", "fault", "两台终端连不上仓库无线网络。", "更新证书后恢复。"),
]
COMPLAINTS = [
    ("交货比约定晚了三天", "delivery", "影响了门店开业。", "说明原因并致歉，下次优先安排，客户接受。"),
    ("客服电话等待太久", "service", "连续两次等待超过十分钟。", "增加高峰时段坐席，已回电致歉。"),
    ("打印机噪音大", "product", "新到的打印机工作时噪音明显。", "上门检查后更换一台。"),
    ("续费价格上涨", "price", "认为续费涨幅没有提前告知。", "补充说明价格政策，给予老客户优惠。"),
]
FAULTS = ["开机无反应", "屏幕有竖线", "扫码头读不出条码", "打印不清晰、断线", "网口时断时续", "电池充不进电"]
ANSWERS = ["very_good", "good", "good", "good", "fair", "poor"]


def serve(company: Company) -> None:
    """All over the two years, from the day on which the first customers had bought."""
    sizes = company.sizes
    for count, begin in (
        (sizes.services, _question), (sizes.complaints, _complain), (sizes.repairs, _bring), (sizes.visits, _call),
    ):  # fmt: skip
        for _ in range(count):
            _some_day(company, begin)


def _some_day(company: Company, begin: Callable[[Company, Customer], None]) -> None:
    days = round((DAYS - 60) * company.rng.random() ** 1.3)
    company.diary.on(company.diary.at(company.diary.ago(days)), _of_a_buyer, company, begin)


def _of_a_buyer(company: Company, begin: Callable[[Company, Customer], None]) -> None:
    buyers = [one for one in company.customers if one.orders]
    if buyers:
        begin(company, company.rng.choice(buyers))


def _question(company: Company, customer: Customer) -> None:
    rng = company.rng
    subject, kind, content, answer = rng.choice(QUESTIONS)
    made = company.create(SERVICE, "service_record", {
        "subject": subject, "customer": customer.id, "contact": rng.choice(customer.contacts), "type": kind,
        "order": customer.orders[-1], "content": content, "way": rng.choice(["phone", "phone", "remote", "chat", "visit"]),
        "priority": rng.choice(["urgent", "high", "normal", "normal", "normal", "low"]),
    })  # fmt: skip
    company.diary.on(
        company.diary.now + timedelta(minutes=rng.choice([5, 20, 40, 90, 300])), _begin, company, made, answer
    )


def _begin(company: Company, made: int, answer: str) -> None:
    company.act(SERVICE, "service_record", made, "start")
    moment = company.diary.now + timedelta(minutes=company.rng.choice([30, 90, 200, 600, 2000, 5000]))
    company.diary.on(moment, _solve, company, made, answer)


def _solve(company: Company, made: int, answer: str) -> None:
    minutes = company.rng.choice([10, 20, 30, 45, 90])
    company.act(SERVICE, "service_record", made, "solve", answer=answer, minutes=minutes)
    said = company.rng.choice(ANSWERS)
    company.diary.later(company.rng.randint(1, 5), _close, company, made, said)


def _close(company: Company, made: int, said: str) -> None:
    company.act(SERVICE, "service_record", made, "close", satisfaction=said)


def _complain(company: Company, customer: Customer) -> None:
    rng = company.rng
    subject, kind, content, solution = rng.choice(COMPLAINTS)
    made = company.create(SERVICE, "complaint", {
        "subject": subject, "customer": customer.id, "contact": customer.contacts[0], "type": kind, "content": content,
        "order": customer.orders[-1], "severity": rng.choice(["critical", "urgent", "normal", "normal"]),
    })  # fmt: skip
    company.diary.later(0, _take, company, made, solution)


def _take(company: Company, made: int, solution: str) -> None:
    company.act(SERVICE, "complaint", made, "take")
    company.diary.later(1, _handle, company, made, solution)


def _handle(company: Company, made: int, solution: str) -> None:
    company.act(SERVICE, "complaint", made, "handle", solution=solution, minutes=company.rng.choice([30, 60, 120]))
    company.diary.later(3, company.act, SERVICE, "complaint", made, "satisfied")


def _bring(company: Company, customer: Customer) -> None:
    rng = company.rng
    code = rng.choice(["HW-3001", "HW-3002", "HW-3003", "HW-2001", "HW-1002"])
    made = company.create(SERVICE, "repair_order", {
        "customer": customer.id, "contact_name": "王工", "product": company.ids["product", code],
        "fault": rng.choice(FAULTS), "sold_on": company.diary.day - timedelta(days=rng.randint(20, 300)),
        "serial_text": f"SN{rng.randint(10**8, 10**9 - 1)}", "warranty": "inside",
        "workshop": company.people[TECHNICIAN].department_id, "engineer": company.person(TECHNICIAN),
        "promise_on": company.diary.now + timedelta(days=5),
    })  # fmt: skip
    company.diary.later(1, _repair, company, made)


def _repair(company: Company, made: int) -> None:
    company.act(TECHNICIAN, "repair_order", made, "start_repair")
    company.diary.later(company.rng.randint(1, 5), _mend, company, made)


def _mend(company: Company, made: int) -> None:
    company.act(TECHNICIAN, "repair_order", made, "mend", result=company.rng.choice(["mended", "mended", "replaced"]))
    company.diary.later(company.rng.randint(1, 6), _pick_up, company, made)


def _pick_up(company: Company, made: int) -> None:
    company.act(SERVICE, "repair_order", made, "pick_up")
    company.act(SERVICE, "repair_order", made, "close", satisfaction=company.rng.choice(ANSWERS))


def _call(company: Company, customer: Customer) -> None:
    made = company.create(SERVICE, "return_visit", {
        "customer": customer.id, "contact": customer.contacts[0], "order": customer.orders[-1],
    })  # fmt: skip
    said = company.rng.choice(ANSWERS)
    score = {"very_good": 10, "good": 8, "fair": 6}.get(said, 4)
    content = "总体满意，希望报表再快一些。" if score > 6 else "交付沟通不够及时，希望改进。"
    company.diary.later(
        company.rng.choice([0, 1, 2]), _answered, company, made, said, score, content,
    )  # fmt: skip


def _answered(company: Company, made: int, said: str, score: int, content: str) -> None:
    company.act(SERVICE, "return_visit", made, "finish", satisfaction=said, score=score, content=content)
