# SPDX-License-Identifier: GPL-2.0-or-later
"""What a cure helps, by comparison: the same guests with and without it."""
import json

from harness import equal, hvlab, main, test, true

LOCKS = 'scenarios/cpu/lock-holder.json'
GANG = 'host.scheduler.policy=gang'


def run(scenario, *sets):
    options = [f'--set={text}' for text in sets]
    process = hvlab('run', '--backend=emulated', '--format=json', *options, scenario)
    true(process.returncode in (0, 1), process.stderr)
    return json.loads(process.stdout)


def wasted_us(*sets):
    """What db counts in its pause loops, and marks at its end."""
    vm = run(LOCKS, *sets)['vms'][0]
    equal((vm['name'], vm['state'], vm['exit_code']), ('db', 'halted', 0), vm['console'])
    return vm['last_mark']


def program(name, *args):
    return [f'vms.db.program={name}', f'vms.db.args={json.dumps(args)}']


@test('a spinlock: yielding and gang scheduling save at least nine tenths of the spinning')
def locks(_):
    bare = wasted_us(*program('locks', '300ms'))
    polite = wasted_us(*program('locks', 'polite', '300ms'))
    gang = wasted_us(*program('locks', '300ms'), GANG)
    true(bare > 40000, f'without a cure {bare} us')
    true(polite * 10 < bare, f'{polite} us of {bare} with yielding')
    true(gang * 10 < bare, f'{gang} us of {bare} with gang scheduling')


@test('alone on its pCPUs the same program hardly spins: it is the hypervisor that costs')
def alone(_):
    spun = wasted_us('host.pcpus=9', *program('locks', '300ms'))
    true(spun < 5000, f'{spun} us')


@test('a barrier: the same cures')
def barrier(_):
    bare = wasted_us(*program('phases', '100'))
    polite = wasted_us(*program('phases', 'polite', '100'))
    gang = wasted_us(*program('phases', '100'), GANG)
    true(bare > 40000, f'without a cure {bare} us')
    true(polite * 10 < bare, f'{polite} us of {bare} with yielding')
    true(gang * 10 < bare, f'{gang} us of {bare} with gang scheduling')


NOISY = 'scenarios/cpu/noisy-neighbour.json'


def flood(*sets):
    """100 ms of the flood, and what became of it: the server's CPU time in ms, the frames."""
    result = run(NOISY, 'run.until=100ms', *sets)
    server, noisy = result['vms'][0], result['vms'][3]
    equal((server['name'], noisy['name']), ('server', 'noisy'))
    return server['vcpus'][0]['ran_ns'] / 1e6, noisy['nics'][0]['tx_frames'], noisy['throttle']


@test('a flood of frames: the limit holds to the frame, and the victim has its pCPU back')
def noisy_frames(_):
    spent, frames, none = flood()
    equal((none['device_operations'], none['waited_ns']), (0, 0))
    limit = {'rate': 2000, 'burst': 10}
    saved, few, throttle = flood(f'vms.noisy.throttle.device_operations={json.dumps(limit)}')
    # It begins at 5 ms, and needs a moment to begin: 10 at once, 2 each ms in 95 ms at most.
    true(190 <= few <= 200, f'{few} frames')
    equal(throttle['device_operations'] >= 180, True, throttle)
    true(frames > 10 * few, f'{frames} frames without the limit')
    true(spent > 5 * saved, f'the server ran {spent} ms, with the limit {saved} ms')


@test('the same by exits, five for each frame')
def noisy_exits(_):
    spent, frames, _ = flood()
    limit = {'rate': 5000, 'burst': 10}
    saved, few, throttle = flood(f'vms.noisy.throttle.exits={json.dumps(limit)}')
    true(throttle['exits'] > 100, throttle)
    true(few <= (10 + 95 * 5) / 3, f'{few} frames')
    true(frames > 10 * few, f'{frames} frames without the limit')
    true(spent > 5 * saved, f'the server ran {spent} ms, with the limit {saved} ms')


HUGE = 'scenarios/memory/huge-mappings.json'


def mapped(size, *sets):
    """What mappings of this size make of the same program, which checks what it has written."""
    vm = run(HUGE, f'host.memory_policy.mapping_size={size}', *sets)['vms'][0]
    equal((vm['state'], vm['exit_code']), ('halted', 0), vm['console'])
    return vm['memory'], vm['vcpus'][0]['ran_ns']


@test('huge mappings: fewer faults, more memory')
def huge(_):
    (small, slow), (large, fast) = mapped('4KiB'), mapped('64KiB')
    equal((small['blocks_mapped'], small['blocks_reclaimed']), (0, 0))
    true(large['faults'] * 10 < small['faults'], f'{large["faults"]} of {small["faults"]} faults')
    true(large['resident_pages'] > small['resident_pages'], large)
    true(fast * 3 < slow, f'{fast} of {slow} ns')


@test('huge mappings, where memory is scarce: what goes, goes as one')
def huge_reclaim(_):
    scarce = ['host.memory=3MiB', 'vms.a.args=["600","--times","2"]']
    (small, slow), (large, fast) = mapped('4KiB', *scarce), mapped('2MiB', *scarce)
    equal(large['blocks_reclaimed'], 1)
    true(large['swap_outs'] > small['swap_outs'] + 400, f'{large} beside {small}')
    true(fast > 2 * slow, f'{fast} and {slow} ns')


main()
