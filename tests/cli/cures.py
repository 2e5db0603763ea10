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
    true(bare > 50000, f'without a cure {bare} us')
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
    true(bare > 50000, f'without a cure {bare} us')
    true(polite * 10 < bare, f'{polite} us of {bare} with yielding')
    true(gang * 10 < bare, f'{gang} us of {bare} with gang scheduling')


main()
