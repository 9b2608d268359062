"""The customers of the sample company: sixty firms with a place, a trade and a size that fit one another."""

from __future__ import annotations

from typing import NamedTuple


class City(NamedTuple):
    """``code`` is the division code that credit codes begin with, ``area`` the telephone area code."""

    name: str
    region: str
    part: str
    code: str
    area: str
    postcode: str


class Firm(NamedTuple):
    city: City
    name: str
    short: str
    domain: str
    industry: str
    employees: str
    level: str
    street: str


CITIES = {
    "上海": City("上海", "上海市/浦东新区", "east", "310115", "021", "200120"),
    "杭州": City("杭州", "浙江省/杭州市/滨江区", "east", "330108", "0571", "310051"),
    "苏州": City("苏州", "江苏省/苏州市/吴中区", "east", "320506", "0512", "215128"),
    "南京": City("南京", "江苏省/南京市/建邺区", "east", "320105", "025", "210019"),
    "宁波": City("宁波", "浙江省/宁波市/鄞州区", "east", "330212", "0574", "315100"),
    "合肥": City("合肥", "安徽省/合肥市/蜀山区", "east", "340104", "0551", "230031"),
    "深圳": City("深圳", "广东省/深圳市/南山区", "south", "440305", "0755", "518052"),
    "广州": City("广州", "广东省/广州市/天河区", "south", "440106", "020", "510630"),
    "东莞": City("东莞", "广东省/东莞市", "south", "441900", "0769", "523000"),
    "厦门": City("厦门", "福建省/厦门市/湖里区", "south", "350206", "0592", "361006"),
    "长沙": City("长沙", "湖南省/长沙市/岳麓区", "south", "430104", "0731", "410013"),
    "成都": City("成都", "四川省/成都市/武侯区", "south", "510107", "028", "610041"),
    "北京": City("北京", "北京市/海淀区", "north", "110108", "010", "100080"),
    "天津": City("天津", "天津市/南开区", "north", "120104", "022", "300100"),
    "青岛": City("青岛", "山东省/青岛市/崂山区", "north", "370212", "0532", "266061"),
    "济南": City("济南", "山东省/济南市/历下区", "north", "370102", "0531", "250014"),
    "西安": City("西安", "陕西省/西安市/雁塔区", "north", "610113", "029", "710061"),
    "沈阳": City("沈阳", "辽宁省/沈阳市/和平区", "north", "210102", "024", "110001"),
}

# city, brand, trade and form of the name, domain, industry, size, level, street
_ROWS = """
深圳 恒通 科技股份有限公司 hengtong electronics up_to_1000 a 科技南路 18 号
上海 博远 医药有限公司 boyuan pharma up_to_500 a 张杨路 828 号
杭州 瑞达 智能装备有限公司 ruida machinery up_to_500 a 江南大道 588 号
苏州 华信 电子有限公司 huaxin electronics up_to_200 b 石湖西路 168 号
成都 鼎盛 教育科技有限公司 dingsheng education up_to_200 b 天府三街 69 号
上海 蓝天 科技有限公司 lantian software up_to_50 b 祖冲之路 887 号
广州 南越 物流有限公司 nanyue logistics up_to_1000 a 黄埔大道 201 号
北京 启明 软件有限公司 qiming software up_to_200 a 中关村大街 27 号
天津 海河 食品有限公司 haihe food up_to_500 b 红旗南路 260 号
青岛 蓝湾 家电有限公司 lanwan electronics over_1000 a 香港东路 195 号
南京 紫金 电力设备有限公司 zijin energy up_to_500 a 江东中路 311 号
宁波 港通 国际贸易有限公司 gangtong wholesale up_to_50 b 天童南路 700 号
厦门 鹭岛 服饰有限公司 ludao textiles up_to_200 b 金山路 88 号
长沙 湘江 工程机械有限公司 xiangjiang machinery over_1000 a 岳麓大道 57 号
西安 秦川 精密仪器有限公司 qinchuan machinery up_to_200 b 科技二路 72 号
沈阳 北方 汽车零部件有限公司 beifang automotive up_to_500 b 青年大街 286 号
济南 泉城 医疗器械有限公司 quancheng pharma up_to_50 c 经十路 11001 号
合肥 江淮 新材料有限公司 jianghuai chemicals up_to_200 b 望江西路 500 号
东莞 长安 模具有限公司 changan machinery up_to_50 c 莞太路 33 号
深圳 云帆 供应链管理有限公司 yunfan logistics up_to_200 a 桃园路 8 号
上海 申江 商业保理有限公司 shenjiang finance up_to_50 b 世纪大道 1528 号
杭州 西溪 网络技术有限公司 xixi software up_to_50 b 网商路 599 号
苏州 姑苏 纺织品有限公司 gusu textiles up_to_500 b 东吴北路 299 号
广州 珠江 餐饮管理有限公司 zhujiang catering up_to_500 b 天河路 385 号
北京 燕山 建筑设计有限公司 yanshan construction up_to_200 a 知春路 63 号
天津 津门 化工有限公司 jinmen chemicals up_to_200 c 卫津南路 76 号
成都 蜀锦 文化传媒有限公司 shujin media up_to_50 c 人民南路 4 段 27 号
南京 金陵 生物科技有限公司 jinling pharma up_to_50 b 奥体大街 128 号
青岛 海润 水产有限公司 hairun agriculture up_to_200 b 深圳路 222 号
深圳 鹏程 新能源有限公司 pengcheng energy up_to_1000 a 高新南一道 6 号
宁波 甬江 塑料制品有限公司 yongjiang chemicals up_to_50 c 钱湖北路 188 号
长沙 麓谷 信息技术有限公司 lugu software up_to_50 b 麓谷大道 627 号
厦门 海沧 包装有限公司 haicang wholesale up_to_50 c 嘉禾路 396 号
西安 大雁 旅游有限公司 dayan services up_to_50 c 雁塔南路 300 号
上海 浦江 会展服务有限公司 pujiang services up_to_50 b 龙阳路 2345 号
杭州 之江 检测技术有限公司 zhijiang services up_to_200 b 滨文路 95 号
广州 岭南 家居有限公司 lingnan retail up_to_500 a 珠江新城华夏路 10 号
北京 恒信 会计师事务所 hengxin finance up_to_200 b 北四环西路 9 号
沈阳 盛京 医院管理有限公司 shengjing healthcare up_to_1000 a 南京北街 155 号
济南 齐鲁 智慧城市科技有限公司 qilu government up_to_200 b 泺源大街 102 号
合肥 庐州 半导体有限公司 luzhou electronics up_to_500 a 创新大道 2800 号
东莞 松湖 光电有限公司 songhu electronics up_to_500 b 礼宾路 4 号
苏州 太湖 环保设备有限公司 taihu energy up_to_200 b 木渎镇金枫路 216 号
南京 秦淮 酒店管理有限公司 qinhuai catering up_to_200 c 应天大街 888 号
成都 锦江 农业科技有限公司 jinjiang agriculture up_to_50 c 科华北路 62 号
深圳 前海 跨境电商有限公司 qianhai retail up_to_200 a 听海大道 5059 号
上海 虹桥 航空服务有限公司 hongqiao logistics up_to_200 b 申长路 988 号
杭州 钱塘 化妆品有限公司 qiantang retail up_to_200 b 长河路 351 号
广州 白云 皮具有限公司 baiyun textiles up_to_50 c 体育东路 116 号
北京 中科远景 仪器有限公司 zhongke machinery up_to_50 b 学院路 30 号
天津 滨海 港口工程有限公司 binhai construction up_to_1000 a 复康路 17 号
青岛 崂山 饮料有限公司 laoshan food up_to_500 b 海尔路 83 号
长沙 芙蓉 连锁药房有限公司 furong retail over_1000 a 芙蓉中路 2 段 106 号
厦门 筼筜 软件园管理有限公司 yundang services up_to_50 c 软件园二期 40 号
西安 长缨 航天器材有限公司 changying machinery up_to_500 a 航天大道 118 号
沈阳 浑河 物业有限公司 hunhe services up_to_500 c 三好街 55 号
济南 趵突 印刷有限公司 baotu media up_to_50 c 山大路 228 号
宁波 北仑 紧固件有限公司 beilun machinery up_to_200 b 新碶街道黄山路 150 号
合肥 巢湖 渔具有限公司 chaohu retail up_to_10 c 黄山路 602 号
东莞 虎门 电线电缆有限公司 humen energy up_to_200 b 虎门大道 190 号
"""


def _firm(row: str) -> Firm:
    city, brand, trade, domain, industry, employees, level, street = row.split(maxsplit=7)
    return Firm(
        CITIES[city], city + brand + trade, city + brand, domain, industry, employees, level, f"{city}市{street}"
    )


FIRMS = [_firm(row) for row in _ROWS.split("\n") if row]

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余"
MEN = ["伟", "强", "磊", "洋", "勇", "军", "杰", "涛", "明", "超"]
MEN += ["建国", "志强", "浩然", "子轩", "文博", "俊杰", "海涛", "国栋"]
WOMEN = ["芳", "娜", "敏", "静", "丽", "艳", "娟", "霞", "婷", "雪"]
WOMEN += ["雅琴", "欣怡", "思琪", "晓燕", "玉兰", "佳宁", "梦洁", "慧敏"]

#: job title, department, part in a decision, how much he has to say (the first of a firm is its main contact)
POSTS = [
    ("总经理", "总经办", "decider"),
    ("信息部主任", "信息部", "technical"),
    ("采购经理", "采购部", "buyer"),
    ("财务总监", "财务部", "finance"),
    ("运营总监", "运营部", "influencer"),
    ("办公室主任", "行政部", "gatekeeper"),
    ("IT 工程师", "信息部", "user"),
    ("副总经理", "总经办", "decider"),
]
