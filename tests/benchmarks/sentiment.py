"""Reading tone: texts a second against SnowNLP itself in the same run, time to be ready, memory in a worker and its children."""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from opinion_service.adapters import snownlp_model

PARTS = (
    "小区门口的路灯已经坏了半个月",
    "多次拨打热线没有人回复",
    "请问办理居住证需要带什么材料",
    "孩子上学要绕行两公里很不安全",
    "感谢工作人员热情耐心的服务",
    "工地夜间施工噪音严重影响休息",
    "公交改线以后老人看病非常不方便",
    "希望有关部门尽快核实并给予答复",
    "自来水发黄已经三天了",
    "物业公司乱收费还不开发票",
)
ROUNDS = 3
_SEED = 12
# What a worker does before it forks; then two children score and say what they alone hold.
_WORKER = """
import gc, os, sys, time
started = time.perf_counter()
from opinion_service.adapters import snownlp_model
snownlp_model.load().score_many(["准备好了"])
ready = time.perf_counter() - started
from workers.jobs import application
application()
gc.freeze()
def kept(name, *fields):
    lines = open(f"/proc/{name}/smaps_rollup").read().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(fields)) / 1024
parent = kept("self", "Rss")
texts = sys.stdin.read().splitlines()
def child():
    snownlp_model.score_many(texts)
    print(f"child {kept('self', 'Private_Dirty', 'Private_Clean'):.0f}", flush=True)
    os._exit(0)
print(f"ready {ready:.2f} parent {parent:.0f}", flush=True)
for _ in range(2):
    pid = os.fork()
    if not pid:
        child()
    os.waitpid(pid, 0)
"""


def run() -> list[str]:
    """Return the lines to print."""
    chance = random.Random(_SEED)
    titles = [_text(chance, 25) for _ in range(1500)]
    letters = [_text(chance, 500) for _ in range(150)]
    return [_line("titles of 25 characters", titles, 60), _line("texts of 500 characters", letters, 4), *_worker()]


def _line(name: str, texts: Sequence[str], few: int) -> str:
    """Return both speeds by the time of the processor, each the best of rounds taken in turns."""
    from snownlp import SnowNLP

    model, some = snownlp_model.load(), texts[:few]
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(_seconds(lambda: model.score_many(texts)) / len(texts))
        theirs.append(_seconds(lambda: [SnowNLP(text).sentiments for text in some]) / few)
    same = [one.score for one in model.score_many(some)] == [SnowNLP(text).sentiments for text in some]
    quick, slow = min(ours), min(theirs)
    shown = f"{name}: {1 / quick:,.0f}/s, SnowNLP {1 / slow:,.0f}/s, x{slow / quick:.1f}"
    return f"{shown}; scores {'equal' if same else 'DIFFER'}"


def _worker() -> list[str]:
    texts = "\n".join(_text(random.Random(_SEED), 300) for _ in range(50))
    ran = subprocess.run([sys.executable, "-c", _WORKER], capture_output=True, text=True, check=True, input=texts)
    first, *children = ran.stdout.split("\n")
    _, ready, _, parent = first.split()
    own = ", ".join(line.split()[1] for line in children if line)
    memory = f"worker parent {parent} MB resident, each of two children {own} MB of its own"
    return [f"ready in {float(ready):.2f} s in a fresh process; {memory}"]


def _text(chance: random.Random, length: int) -> str:
    text = ""
    while len(text) < length:
        text += chance.choice(PARTS) + chr(0x4E00 + chance.randrange(0x3000)) + chance.choice("，。！？")
    return text[:length]


def _seconds(work: Callable[[], Sequence[object]]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    print("\n".join(run()))
