/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pipeline [COUNT]: messages between the vCPUs of one VM. vCPU 0 sends the numbers
 * 1 to COUNT (1000) to vCPU 1, each vCPU adds its own number and passes them on, and
 * the last one sends them back to vCPU 0, which adds them up. Then one message goes
 * round alone, COUNT times: that is what a hop costs when nobody has another thing to
 * do. Exit code 0: the sum was right; vCPU 0 marks the time of a hop, in ns. */
#include "hv-core/guest/hvlab.h"

#define MAX_VCPUS 16

static Channel to[MAX_VCPUS]; /* to each vCPU, from the one before it */

static unsigned next(unsigned vcpu)
{
    return (vcpu + 1) % vcpu_count();
}

void hv_vcpu_main(unsigned vcpu)
{
    for (;;)
        channel_send(&to[next(vcpu)], channel_receive(&to[vcpu]) + vcpu);
}

/* All of them under way at once, as many as the channels hold. */
static uint64_t stream(uint64_t count)
{
    uint64_t sum = 0, under_way = 0;
    for (uint64_t i = 1; i <= count; i++) {
        channel_send(&to[1], i);
        if (++under_way == CHANNEL_MESSAGES) {
            sum += channel_receive(&to[0]);
            under_way--;
        }
    }
    for (; under_way > 0; under_way--)
        sum += channel_receive(&to[0]);
    return sum;
}

static uint64_t go_round(uint64_t count)
{
    uint64_t message = 0;
    for (uint64_t i = 0; i < count; i++) {
        channel_send(&to[1], message);
        message = channel_receive(&to[0]);
    }
    return message;
}

int main(int argc, char **argv)
{
    const char *end = "";
    uint64_t vcpus = vcpu_count(), count = argc > 1 ? parse_number(argv[1], &end) : 1000;
    if (argc > 2 || count == 0 || *end || vcpus < 2) {
        print("usage: pipeline [COUNT], on at least two vCPUs\n");
        return 2;
    }
    uint64_t added = vcpus * (vcpus - 1) / 2; /* by all vCPUs, to each message */
    uint64_t begin = now_ns();
    uint64_t sum = stream(count);
    uint64_t streamed = now_ns();
    uint64_t message = go_round(count);
    uint64_t hop_ns = (now_ns() - streamed) / (count * vcpus);
    printf("pipeline: %lu messages through %lu vCPUs in %lu us, their sum is %lu\n", count, vcpus,
           (streamed - begin) / NS_PER_US, sum);
    printf("pipeline: alone, a message takes %lu ns for a hop\n", hop_ns);
    mark(hop_ns);
    return sum == count * (count + 1) / 2 + count * added && message == count * added ? 0 : 1;
}
