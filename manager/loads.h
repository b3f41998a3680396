/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MANAGER_LOADS_H
#define MANAGER_LOADS_H

/* Samples of a service's servers to the loads that directors are told. */

#include "manager/fleet.h"

/* Weigh a service; a use that reaches or leaves a bound is judged anew. */
void loads_weigh(struct fleet *f, int service, struct mono now);
/* Tell loads that follow new samples. */
void loads_tell(struct fleet *f, int service, struct mono now);
/* Mark the services whose loads change without samples: slow start. */
void loads_mark_restless(struct fleet *f, struct mono now);

#endif
