"""asyncio's and uvloop's answers to the questions step, hand_over and spawn.

One process for each loop: python3 peers.py asyncio|uvloop [--quick]. Prints one JSON line of nanoseconds per operation,
CPU and wall, medians over rounds that are sized and warmed up as those of the programs in JavaScript.
"""
import asyncio
import json
import statistics
import sys
import time

QUICK = '--quick' in sys.argv
ROUNDS = 3 if QUICK else 5
ROUND_SECONDS = 0.03 if QUICK else 0.06


async def stepper(steps):
    taken = 0
    while taken < steps:
        await asyncio.sleep(0)
        taken += 1
    return taken


async def step(steps):
    first = asyncio.create_task(stepper(steps))
    second = asyncio.create_task(stepper(steps))
    taken = await first + await second
    assert taken == 2 * steps
    return taken


async def ask(table, rounds):
    loop = asyncio.get_running_loop()
    total = 0
    for i in range(rounds):
        answer = loop.create_future()
        table['answer'] = answer
        table['question'].set_result(i)
        total += await answer
    return total


async def reply(table, rounds):
    loop = asyncio.get_running_loop()
    for _ in range(rounds):
        value = await table['question']
        table['question'] = loop.create_future()
        table['answer'].set_result(value + 1)


async def hand_over(rounds):
    table = {'question': asyncio.get_running_loop().create_future()}
    replying = asyncio.create_task(reply(table, rounds))
    asking = asyncio.create_task(ask(table, rounds))
    assert await asking == rounds * (rounds + 1) // 2
    await replying
    return 2 * rounds


async def child(i):
    return i + 1


async def spawn(count):
    total = 0
    for i in range(count):
        total += await asyncio.create_task(child(i))
    assert total == count * (count + 1) // 2
    return count


def timed(loop, question, size):
    cpu, wall = time.process_time(), time.perf_counter()
    operations = loop.run_until_complete(question(size))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return cpu / operations * 1e9, wall / operations * 1e9, wall


def measure(loop, question):
    size = 64
    while True:
        took = timed(loop, question, size)[2]
        if took >= ROUND_SECONDS / 2:
            break
        size *= 2
    size = max(1, int(size * ROUND_SECONDS / took))
    rounds = [timed(loop, question, size) for _ in range(ROUNDS)]
    return {'cpu': statistics.median(r[0] for r in rounds), 'wall': statistics.median(r[1] for r in rounds)}


def main():
    name = sys.argv[1]
    if name == 'uvloop':
        import uvloop
        loop, version = uvloop.new_event_loop(), uvloop.__version__
    else:
        loop, version = asyncio.new_event_loop(), sys.version.split()[0]
    figures = {q.__name__: measure(loop, q) for q in (step, hand_over, spawn)}
    print(json.dumps({'name': name, 'version': version, 'figures': figures}))


main()
