// The system's librdkafka as a Swift module. The mock cluster's header refuses to be included before
// the main one, so the order matters.

#ifndef CRDKAFKA_H
#define CRDKAFKA_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#endif
