// SPDX-License-Identifier: MIT
// A DTLS 1.2 peer over mbedtls, with connection ids: what test_interop_cid.py talks to. tools/toolchain.py builds it, build/bin/mbedtls-dtls.
//
//     mbedtls-dtls client|server port=N suite=NAME [cid=HEX] [etm=0] (ca=FILE | cert=FILE key=FILE | psk=HEX identity=NAME)
//
// What comes on standard input is sent, a datagram a read, and what the other side sends is printed. Input that begins with '!' is a command:
// !move (a client goes on from another port), !again (negotiate again), !resume (a client connects anew with its session), !quit.
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mbedtls/ctr_drbg.h"
#include "mbedtls/entropy.h"
#include "mbedtls/ssl.h"
#include "mbedtls/ssl_cache.h"
#include "mbedtls/ssl_cookie.h"
#include "mbedtls/timing.h"

static int sock = -1;
static struct sockaddr_in there;  // where the other side is: where the last datagram came from
static int is_server;
static int count;

static void check(int result, const char *what)
{
    if (result < 0) {
        printf("%s failed: -0x%04x\n", what, (unsigned)-result);
        exit(1);
    }
}

static const char *option(char **argv, const char *name)
{
    size_t n = strlen(name);
    for (; *argv; argv++) {
        if (!strncmp(*argv, name, n) && (*argv)[n] == '=') {
            return *argv + n + 1;
        }
    }
    return NULL;
}

static size_t unhex(unsigned char *out, size_t most, const char *text)
{
    size_t n = 0;
    for (; n < most && text[0] && text[1]; text += 2) {
        unsigned byte = 0;
        sscanf(text, "%2x", &byte);
        out[n++] = (unsigned char)byte;
    }
    return n;
}

static void open_socket(int port)
{
    struct sockaddr_in here;
    memset(&here, 0, sizeof here);
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    here.sin_port = htons((unsigned short)port);
    if (sock >= 0) {
        close(sock);
    }
    sock = socket(AF_INET, SOCK_DGRAM, 0);
    check(bind(sock, (struct sockaddr *)&here, sizeof here), "bind");
}

static int send_datagram(void *context, const unsigned char *buf, size_t n)
{
    (void)context;
    return (int)sendto(sock, buf, n, 0, (struct sockaddr *)&there, sizeof there);
}

static int receive_datagram(void *context, unsigned char *buf, size_t n, uint32_t milliseconds)
{
    struct pollfd wait = { sock, POLLIN, 0 };
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    (void)context;
    if (poll(&wait, 1, milliseconds ? (int)milliseconds : -1) <= 0) {
        return MBEDTLS_ERR_SSL_TIMEOUT;
    }
    int got = (int)recvfrom(sock, buf, n, 0, (struct sockaddr *)&from, &size);
    if (got >= 0 && is_server) {
        there = from;
    }
    return got;
}

static void handshake(mbedtls_ssl_context *ssl, const unsigned char *cid, size_t cid_length)
{
    unsigned char peer[MBEDTLS_SSL_CID_OUT_LEN_MAX];
    size_t n = 0;
    int agreed = 0, result;
    do {
        if (cid) {
            check(mbedtls_ssl_set_cid(ssl, MBEDTLS_SSL_CID_ENABLED, cid, cid_length), "set_cid");
        }
        if (is_server) {
            check(mbedtls_ssl_set_client_transport_id(ssl, (const unsigned char *)"client", 6), "transport id");
        }
        result = mbedtls_ssl_handshake(ssl);
        if (result == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED) {
            check(mbedtls_ssl_session_reset(ssl), "reset");
        }
    } while (result == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED || (is_server && result == MBEDTLS_ERR_SSL_TIMEOUT));
    check(result, "handshake");
    check(mbedtls_ssl_get_peer_cid(ssl, &agreed, peer, &n), "get_peer_cid");
    printf("handshake %d suite=%s cid=", ++count, mbedtls_ssl_get_ciphersuite(ssl));
    if (!agreed) {
        printf("none");
    }
    for (size_t i = 0; agreed && i < n; i++) {
        printf("%02x", peer[i]);
    }
    printf("\n");
}

// What the other side sent; 0 when it is gone.
static int print_data(mbedtls_ssl_context *ssl)
{
    unsigned char buf[4096];
    do {
        int n = mbedtls_ssl_read(ssl, buf, sizeof buf);
        if (n == MBEDTLS_ERR_SSL_TIMEOUT || n == MBEDTLS_ERR_SSL_WANT_READ || n == MBEDTLS_ERR_SSL_WANT_WRITE) {
            return 1;
        }
        if (n == 0 || n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY || n == MBEDTLS_ERR_SSL_CLIENT_RECONNECT) {
            return 0;
        }
        check(n, "read");
        fwrite(buf, 1, (size_t)n, stdout);
    } while (mbedtls_ssl_check_pending(ssl));
    return 1;
}

int main(int argc, char **argv)
{
    static mbedtls_entropy_context entropy;
    static mbedtls_ctr_drbg_context random;
    static mbedtls_ssl_config conf;
    static mbedtls_ssl_context ssl;
    static mbedtls_ssl_session saved;
    static mbedtls_ssl_cache_context cache;
    static mbedtls_ssl_cookie_ctx cookies;
    static mbedtls_timing_delay_context timer;
    static mbedtls_x509_crt chain, roots;
    static mbedtls_pk_context key;
    unsigned char cid[MBEDTLS_SSL_CID_IN_LEN_MAX], psk[64], line[4096];
    int suites[2] = { 0, 0 };
    size_t cid_length = 0;

    setvbuf(stdout, NULL, _IONBF, 0);
    if (argc < 4 || !option(argv, "port") || !option(argv, "suite")) {
        printf("usage: mbedtls-dtls client|server port=N suite=NAME …\n");
        return 2;
    }
    is_server = !strcmp(argv[1], "server");
    const char *given = option(argv, "cid");
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&random);
    check(mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0), "seed");

    mbedtls_ssl_config_init(&conf);
    check(mbedtls_ssl_config_defaults(&conf, is_server, MBEDTLS_SSL_TRANSPORT_DATAGRAM, MBEDTLS_SSL_PRESET_DEFAULT), "defaults");
    mbedtls_ssl_conf_rng(&conf, mbedtls_ctr_drbg_random, &random);
    suites[0] = mbedtls_ssl_get_ciphersuite_id(option(argv, "suite"));
    mbedtls_ssl_conf_ciphersuites(&conf, suites);
    mbedtls_ssl_conf_read_timeout(&conf, 1000);
    mbedtls_ssl_conf_renegotiation(&conf, MBEDTLS_SSL_RENEGOTIATION_ENABLED);
    if (option(argv, "etm")) {
        mbedtls_ssl_conf_encrypt_then_mac(&conf, MBEDTLS_SSL_ETM_DISABLED);
    }
    if (given) {
        cid_length = unhex(cid, sizeof cid, given);
        check(mbedtls_ssl_conf_cid(&conf, cid_length, MBEDTLS_SSL_UNEXPECTED_CID_IGNORE), "conf_cid");
    }
    if (option(argv, "psk")) {
        const char *identity = option(argv, "identity");
        size_t n = unhex(psk, sizeof psk, option(argv, "psk"));
        check(mbedtls_ssl_conf_psk(&conf, psk, n, (const unsigned char *)identity, strlen(identity)), "psk");
    }
    if (option(argv, "ca")) {
        check(mbedtls_x509_crt_parse_file(&roots, option(argv, "ca")), "ca");
        mbedtls_ssl_conf_ca_chain(&conf, &roots, NULL);
    }
    if (option(argv, "cert")) {
        mbedtls_pk_init(&key);
        check(mbedtls_x509_crt_parse_file(&chain, option(argv, "cert")), "cert");
        check(mbedtls_pk_parse_keyfile(&key, option(argv, "key"), NULL, mbedtls_ctr_drbg_random, &random), "key");
        check(mbedtls_ssl_conf_own_cert(&conf, &chain, &key), "own cert");
    }
    if (is_server) {
        mbedtls_ssl_cache_init(&cache);
        mbedtls_ssl_conf_session_cache(&conf, &cache, mbedtls_ssl_cache_get, mbedtls_ssl_cache_set);
        check(mbedtls_ssl_cookie_setup(&cookies, mbedtls_ctr_drbg_random, &random), "cookies");
        mbedtls_ssl_conf_dtls_cookies(&conf, mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check, &cookies);
    }
    mbedtls_ssl_init(&ssl);
    check(mbedtls_ssl_setup(&ssl, &conf), "setup");
    check(mbedtls_ssl_set_hostname(&ssl, is_server ? NULL : "localhost"), "hostname");
    mbedtls_ssl_set_timer_cb(&ssl, &timer, mbedtls_timing_set_delay, mbedtls_timing_get_delay);
    mbedtls_ssl_set_mtu(&ssl, 1400);
    mbedtls_ssl_set_bio(&ssl, NULL, send_datagram, NULL, receive_datagram);

    int port = atoi(option(argv, "port"));
    open_socket(is_server ? port : 0);
    there.sin_family = AF_INET;
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    there.sin_port = htons((unsigned short)port);
    if (is_server) {
        printf("listening\n");
    }
    handshake(&ssl, given ? cid : NULL, cid_length);
    for (;;) {
        struct pollfd wait[2] = { { sock, POLLIN, 0 }, { 0, POLLIN, 0 } };
        poll(wait, 2, -1);
        if (wait[0].revents && !print_data(&ssl)) {
            if (!is_server) {
                return 0;
            }
            check(mbedtls_ssl_session_reset(&ssl), "reset");
            handshake(&ssl, given ? cid : NULL, cid_length);
        }
        if (!wait[1].revents) {
            continue;
        }
        ssize_t n = read(0, line, sizeof line - 1);
        if (n <= 0) {
            mbedtls_ssl_close_notify(&ssl);
            return 0;
        }
        line[n] = 0;
        if (line[0] != '!') {
            check(mbedtls_ssl_write(&ssl, line, (size_t)n), "write");
        } else if (!strcmp((char *)line, "!move\n")) {
            open_socket(0);
            printf("moved\n");
        } else if (!strcmp((char *)line, "!again\n")) {
            check(mbedtls_ssl_renegotiate(&ssl), "renegotiate");
            printf("again\n");
        } else if (!strcmp((char *)line, "!resume\n")) {
            mbedtls_ssl_session_free(&saved);
            mbedtls_ssl_session_init(&saved);
            check(mbedtls_ssl_get_session(&ssl, &saved), "get_session");
            mbedtls_ssl_close_notify(&ssl);
            open_socket(0);
            check(mbedtls_ssl_session_reset(&ssl), "reset");
            check(mbedtls_ssl_set_session(&ssl, &saved), "set_session");
            handshake(&ssl, given ? cid : NULL, cid_length);
        }
    }
}
