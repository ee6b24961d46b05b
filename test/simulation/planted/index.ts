// All of them.
import { doubleClose } from './double_close';
import { lostUpdate } from './lost_update';
import { missingCancelHandling } from './missing_cancel_handling';
import type { Planted } from './planted';
import { retryStorm } from './retry_storm';
import { unfairQueue } from './unfair_queue';

export const PLANTED: readonly Planted[] = [lostUpdate, missingCancelHandling, unfairQueue, doubleClose, retryStorm];
