/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-modes.c: the recipes: who reaches whom in each mode, and how the frames go. */
#include "tests/netsim/mode-lab.h"

#define GUEST NET_IP4(10, 0, 2, 15)
#define NAT   NET_IP4(10, 0, 2, 2)

static void test_nat_reaches_out(void)
{
    Lab *lab = lab_new();
    NetNetworkId nat = lab_network(lab, &(NetNetworkConfig){.name = "nat0", .mode = "nat"});

    lab_outside(lab);
    LabVm *a = lab_vm(lab, nat, GUEST, NAT), *b = lab_vm(lab, nat, GUEST, NAT);
    g_assert_cmpstr(lab_ping(a, LAB_PRINTER), ==, "reply from 192.168.1.50 ttl 63");
    g_assert_cmpstr(lab_ping(a, LAB_HOST), ==, "reply from 192.168.1.10 ttl 63");
    /* The NAT takes one, the LAN's router another. */
    g_assert_cmpstr(lab_ping(a, LAB_SERVER), ==, "reply from 203.0.113.10 ttl 62");
    g_assert_cmpstr(lab_ping(b, LAB_SERVER), ==, "reply from 203.0.113.10 ttl 62");
    g_assert_cmpstr(lab_ping(a, NAT), ==, "reply from 10.0.2.2 ttl 64");
    /* Each VM is alone behind its router: nobody else has an address there. */
    g_assert_cmpstr(lab_ping(a, NET_IP4(10, 0, 2, 16)), ==, "unreachable from 0.0.0.0 ttl 0");
    g_assert_cmpstr(lab_ping_ttl(a, LAB_SERVER, 1), ==, "time exceeded from 10.0.2.2 ttl 0");
    g_assert_cmpstr(lab_ping_ttl(a, LAB_SERVER, 2), ==, "time exceeded from 192.168.1.1 ttl 0");
    lab_free(lab);
}

/* The whole way of one request, and back: every rewritten frame names its parent. */
static void test_nat_frames(void)
{
    static const char *const way[] = {
        "10.0.2.15 > 203.0.113.10 Echo (ping) request id=0x004d seq=%u ttl=64",
        "192.168.1.10 > 203.0.113.10 Echo (ping) request id=0x004d seq=%u ttl=63",
        "192.168.1.10 > 203.0.113.10 Echo (ping) request id=0x004d seq=%u ttl=63",
        "203.0.113.1 > 203.0.113.10 Echo (ping) request id=0x004d seq=%u ttl=62",
        "203.0.113.10 > 203.0.113.1 Echo (ping) reply id=0x004d seq=%u ttl=64",
        "203.0.113.10 > 192.168.1.10 Echo (ping) reply id=0x004d seq=%u ttl=63",
        "203.0.113.10 > 192.168.1.10 Echo (ping) reply id=0x004d seq=%u ttl=63",
        "203.0.113.10 > 10.0.2.15 Echo (ping) reply id=0x004d seq=%u ttl=62",
    };
    Lab *lab = lab_new();
    NetNetworkId nat = lab_network(lab, &(NetNetworkConfig){.name = "nat0", .mode = "nat"});

    lab_outside(lab);
    LabVm *a = lab_vm(lab, nat, GUEST, NAT);
    lab_ping(a, LAB_SERVER); /* ARP is done by this one */
    g_assert_cmpstr(lab->log->str, ==,
                    "row 1: 10.0.2.15:77 to 203.0.113.10:0 as 192.168.1.10:77 to 203.0.113.10:0\n"
                    "row 1: 192.168.1.10:77 to 203.0.113.10:0 as 203.0.113.1:77 to "
                    "203.0.113.10:0\n");
    lab_reset(lab);
    uint64_t first = lab->frame_ids + 1;
    lab_ping(a, LAB_SERVER);
    g_assert_cmpuint(lab->frames->len, ==, G_N_ELEMENTS(way));
    for (guint i = 0; i < lab->frames->len; i++) {
        const char *cut = strstr(way[i], "%u");
        g_assert_true(strncmp(lab->frames->pdata[i], way[i], (size_t)(cut - way[i])) == 0);
        g_assert_true(g_str_has_suffix(lab->frames->pdata[i], cut + 2));
        bool is_first = i == 0 || i == 4; /* the guest's request, the server's reply */
        g_assert_cmpuint(
            GPOINTER_TO_UINT(g_hash_table_lookup(lab->parent, GUINT_TO_POINTER((guint)first + i))),
            ==, is_first ? 0 : first + i - 1);
    }
    g_assert_cmpstr(lab->log->str, ==, ""); /* the rows are there already */
    lab_free(lab);
}

static void test_nat_network(void)
{
    Lab *lab = lab_new();
    NetNetworkId net = lab_network(lab, &(NetNetworkConfig){.name = "n", .mode = "nat-network"});

    lab_outside(lab);
    LabVm *a = lab_vm(lab, net, NET_IP4(10, 0, 2, 4), NET_IP4(10, 0, 2, 1));
    lab_vm(lab, net, NET_IP4(10, 0, 2, 5), NET_IP4(10, 0, 2, 1));
    g_assert_cmpstr(lab_ping(a, NET_IP4(10, 0, 2, 5)), ==, "reply from 10.0.2.5 ttl 64");
    g_assert_cmpuint(lab->log->len, ==, 0); /* never enters the NAT */
    g_assert_cmpstr(lab_ping(a, NET_IP4(10, 0, 2, 1)), ==, "reply from 10.0.2.1 ttl 64");
    g_assert_cmpstr(lab_ping(a, NET_IP4(10, 0, 2, 3)), ==, "reply from 10.0.2.3 ttl 64");
    g_assert_cmpuint(lab->log->len, ==, 0);
    g_assert_cmpstr(lab_ping(a, NET_IP4(10, 0, 2, 2)), ==, "reply from 10.0.2.2 ttl 63");
    g_assert_cmpstr(lab->log->str, ==,
                    "row 1: 10.0.2.4:77 to 10.0.2.2:0 as 127.0.0.1:77 to 127.0.0.1:0\n");
    g_assert_cmpstr(lab_ping(a, LAB_SERVER), ==, "reply from 203.0.113.10 ttl 62");
    lab_free(lab);
}

static void test_host_only(void)
{
    Lab *lab = lab_new();
    NetNetworkId net = lab_network(lab, &(NetNetworkConfig){.name = "h", .mode = "host-only"});

    lab_outside(lab);
    LabVm *a = lab_vm(lab, net, NET_IP4(192, 168, 56, 101), 0);
    LabVm *b = lab_vm(lab, net, NET_IP4(192, 168, 56, 102), NET_IP4(192, 168, 56, 1));
    g_assert_cmpstr(lab_ping(a, NET_IP4(192, 168, 56, 102)), ==,
                    "reply from 192.168.56.102 ttl 64");
    g_assert_cmpstr(lab_ping(a, NET_IP4(192, 168, 56, 1)), ==, "reply from 192.168.56.1 ttl 64");
    g_assert_cmpstr(lab_ping(a, LAB_PRINTER), ==, "no route");
    /* With a route the frame leaves, and ends at the host. */
    g_assert_cmpstr(lab_ping(b, LAB_PRINTER), ==, "timeout from 0.0.0.0 ttl 0");
    g_assert_cmpstr(lab->log->str, ==, "drop: not-forwarding\n");
    lab_free(lab);
}

static void test_bridged(void)
{
    Lab *lab = lab_new();
    NetNetworkId net = lab_network(lab, &(NetNetworkConfig){.name = "br", .mode = "bridged"});

    lab_outside(lab);
    LabVm *a = lab_vm(lab, net, NET_IP4(192, 168, 1, 100), NET_IP4(192, 168, 1, 1));
    LabVm *b = lab_vm(lab, net, NET_IP4(192, 168, 1, 101), NET_IP4(192, 168, 1, 1));
    (void)b;
    g_assert_cmpstr(lab_ping(a, NET_IP4(192, 168, 1, 101)), ==, "reply from 192.168.1.101 ttl 64");
    g_assert_cmpstr(lab_ping(a, LAB_HOST), ==, "reply from 192.168.1.10 ttl 64");
    g_assert_cmpstr(lab_ping(a, LAB_PRINTER), ==, "reply from 192.168.1.50 ttl 64");
    g_assert_cmpstr(lab_ping(a, LAB_SERVER), ==, "reply from 203.0.113.10 ttl 63");
    lab_free(lab);
}

/* The LAN sees one MAC address for all of them, and every answer finds its VM. */
static void test_wifi(void)
{
    Lab *lab = lab_new();
    NetNetworkId net =
        lab_network(lab, &(NetNetworkConfig){.name = "air", .mode = "bridged", .wifi = true});

    lab_outside(lab);
    LabVm *a = lab_vm(lab, net, NET_IP4(192, 168, 1, 100), NET_IP4(192, 168, 1, 1));
    LabVm *b = lab_vm(lab, net, NET_IP4(192, 168, 1, 101), NET_IP4(192, 168, 1, 1));
    g_assert_cmpstr(lab_ping(a, LAB_PRINTER), ==, "reply from 192.168.1.50 ttl 64");
    g_assert_cmpstr(lab_ping(b, LAB_PRINTER), ==, "reply from 192.168.1.50 ttl 64");
    g_assert_cmpstr(lab_ping(b, LAB_SERVER), ==, "reply from 203.0.113.10 ttl 63");
    g_assert_cmpstr(lab_ping(a, LAB_HOST), ==, "reply from 192.168.1.10 ttl 64");
    g_assert_cmpstr(lab_ping(a, NET_IP4(192, 168, 1, 101)), ==, "reply from 192.168.1.101 ttl 64");
    g_autoptr(GArray) macs =
        net_world_mac_table(lab->world, (NetNetworkId)net_world_lan(lab->world));
    for (guint i = 0; i < macs->len; i++) /* router, printer, host: no VM among them */
        g_assert_cmphex(g_array_index(macs, NetMacRow, i).mac.byte[0], ==, 0x52);
    g_assert_cmpuint(macs->len, ==, 3);
    lab_free(lab);
}

static void test_internal(void)
{
    Lab *lab = lab_new();
    NetNetworkId x = lab_network(lab, &(NetNetworkConfig){.name = "x", .mode = "internal"});
    NetNetworkId y = lab_network(lab, &(NetNetworkConfig){.name = "y", .mode = "internal"});

    lab_outside(lab);
    LabVm *a = lab_vm(lab, x, NET_IP4(10, 9, 0, 1), 0);
    lab_vm(lab, x, NET_IP4(10, 9, 0, 2), 0);
    lab_vm(lab, y, NET_IP4(10, 9, 0, 3), 0);
    g_assert_cmpstr(lab_ping(a, NET_IP4(10, 9, 0, 2)), ==, "reply from 10.9.0.2 ttl 64");
    g_assert_cmpstr(lab_ping(a, NET_IP4(10, 9, 0, 3)), ==, "unreachable from 0.0.0.0 ttl 0");
    lab_free(lab);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/modes/nat/reaches-out", test_nat_reaches_out);
    g_test_add_func("/modes/nat/frames", test_nat_frames);
    g_test_add_func("/modes/nat-network", test_nat_network);
    g_test_add_func("/modes/host-only", test_host_only);
    g_test_add_func("/modes/bridged", test_bridged);
    g_test_add_func("/modes/wifi", test_wifi);
    g_test_add_func("/modes/internal", test_internal);
    return g_test_run();
}
