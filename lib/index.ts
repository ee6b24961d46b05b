// The public surface: re-exports only.

import './base/node_version.js'; // First: an older Node cannot parse the rest, and is told so here.

export {
  DuplicateCopyError,
  MissingBinaryError,
  type PackageCopy,
  WrongBinaryError,
} from './base/binary_errors.js';
export { ConnectionFailedError } from './base/connection_failed.js';
export * from './base/errors.js';
export { ExceptionGroup, type LeafMatcher } from './base/exception_group.js';
export type { Engine } from './engine/engine.js';
export { CancelScope, type CancelScopeOptions } from './kernel/cancel_scope.js';
export type { CancelCause } from './kernel/cancel_status.js';
export { Context, type ContextToken, ContextVar, copyContext } from './kernel/context.js';
export {
  type Awaitable,
  type AwaitedValue,
  type Coroutine,
  type CoroutineFunction,
  isCoroutine,
  isCoroutineFunction,
  type Operation,
  type Suspension,
} from './kernel/coroutine.js';
export { EventLoop, type TaskFactory, type TaskOptions } from './kernel/event_loop.js';
export { Future } from './kernel/future.js';
export { Handle, TimerHandle } from './kernel/handle.js';
export type { ExceptionContext, LoopCore, ScheduledCall } from './kernel/loop_core.js';
export type { EventLoopOptions, LoopMetrics } from './kernel/loop_options.js';
export { defaultExceptionHandler, type ExceptionHandler } from './kernel/report.js';
export { currentLoop, getRunningLoop } from './kernel/running.js';
export { Task } from './kernel/task.js';
export type { Readiness } from './kernel/watch_table.js';
export type { SocketAddress } from './net/addresses.js';
export { ByteStream, type LimitOptions, type Separator } from './net/byte_stream.js';
export type { Writable, WriteLimitOptions } from './net/bytes.js';
export { createConnection, createServer, type ProtocolFactory } from './net/create_connection.js';
export { Datagram } from './net/datagram_receiving.js';
export { DatagramSocket } from './net/datagram_socket.js';
export { type DatagramOptions, openDatagram } from './net/open_datagram.js';
export { openPackets, type PacketOptions } from './net/open_packets.js';
export { PacketSocket } from './net/packet_socket.js';
export type { PeerCredentials, SendOptions } from './net/passing.js';
export type { Destination } from './net/peers.js';
export { type InheritedFd, listenFds, type ListenFdsOptions } from './net/listen_fds.js';
export { type ConnectOptions, openConnection } from './net/open_connection.js';
export { openPipe } from './net/open_pipe.js';
export {
  getAddrInfo,
  getNameInfo,
  type NameInfo,
  type ResolveOptions,
  type Resolver,
  setResolver,
} from './net/resolver.js';
export { type NotifyOptions, sdNotify, type ServiceState } from './net/sd_notify.js';
export { type ConnectionHandler, Server, type ShutdownOptions } from './net/server.js';
export { type PacketHandler, type PacketServerOptions, startPacketServer } from './net/start_packet_server.js';
export { type ServerOptions, startServer } from './net/start_server.js';
export { startTls, TlsStream } from './net/tls.js';
export type {
  ContextChooser,
  StartTlsOptions,
  TlsClientOptions,
  TlsOptions,
  TlsServerOptions,
} from './net/tls_options.js';
export type { TuningOptions } from './net/tuning.js';
export type { WebStreams } from './net/web_streams.js';
export { type DuplexAddress, SocketDuplex, type ToDuplexOptions } from './net/socket_duplex.js';
export { type Protocol, Transport } from './net/transport.js';
export { notifyClosing, waitReadable, waitWritable } from './net/wait_fd.js';
export { Barrier, type BarrierStatistics } from './sync/barrier.js';
export { CapacityLimiter, type CapacityLimiterStatistics } from './sync/capacity_limiter.js';
export { Condition, type ConditionStatistics } from './sync/condition.js';
export { Event, type EventStatistics } from './sync/event.js';
export type { Guard } from './sync/guard.js';
export { Lock, type LockStatistics } from './sync/lock.js';
export { ParkingLot, type ParkingLotStatistics } from './sync/parking_lot.js';
export { ResourceGuard, type ResourceGuardStatistics } from './sync/resource_guard.js';
export { RLock, type RLockStatistics } from './sync/rlock.js';
export { Semaphore, type SemaphoreOptions, type SemaphoreStatistics } from './sync/semaphore.js';
export {
  Broadcast,
  type BroadcastOptions,
  type BroadcastStatistics,
  Subscription,
  type SubscriptionStatistics,
  type WhenFull,
} from './sync/broadcast.js';
export { type ChannelStatistics, openChannel, ReceiveChannel, SendChannel } from './sync/channel.js';
export { END } from './sync/handover.js';
export { LifoQueue } from './sync/lifo_queue.js';
export { type Comparator, PriorityQueue } from './sync/priority_queue.js';
export { Queue, type QueueOptions, type QueueStatistics } from './sync/queue.js';
export { all, type FailureOptions } from './tasks/all.js';
export { asCompleted, type AsCompletedOptions, type Completed, Completions } from './tasks/as_completed.js';
export { cancelShieldedCheckpoint, checkpoint, checkpointIfCancelled } from './tasks/checkpoint.js';
export { coroutine } from './tasks/coroutine.js';
export { allTasks, createTask, currentTask, eagerTaskFactory } from './tasks/create_task.js';
export { ensureFuture, type Waitable, type WaitableValue } from './tasks/ensure_future.js';
export { gather, type GatherOptions } from './tasks/gather.js';
export type { Items } from './tasks/item_source.js';
export type { Main } from './tasks/main_run.js';
export { type ItemFunction, mapConcurrent, type MapConcurrentOptions } from './tasks/map_concurrent.js';
export { any, race, type RaceOptions } from './tasks/race.js';
export { run } from './tasks/run.js';
export { runBlocking } from './tasks/run_blocking.js';
export { runMain } from './tasks/run_main.js';
export type { RunOptions } from './tasks/run_options.js';
export { Runner } from './tasks/runner.js';
export { shield } from './tasks/shield.js';
export type { ChildOptions, TaskGroupOptions } from './tasks/group_options.js';
export { TaskStatus } from './tasks/group_start.js';
export { TaskGroup } from './tasks/task_group.js';
export { withTaskGroup } from './tasks/with_task_group.js';
export { staggeredRace } from './tasks/staggered_race.js';
export {
  currentEffectiveDeadline,
  failAfter,
  failAt,
  moveOnAfter,
  moveOnAt,
  shielded,
  type ShieldedOptions,
  timeout,
  timeoutAt,
  ValuedScope,
} from './tasks/timeouts.js';
export { type ScopeBody, ScopedOperation } from './kernel/scoped.js';
export { sleep, sleepForever, sleepUntil } from './tasks/sleep.js';
export { until, type UntilOptions, untilSignal, type UntilSignalOptions } from './tasks/until.js';
export { type ReturnWhen, wait, type WaitOptions, type WaitResult } from './tasks/wait.js';
export { type Resource, use } from './tasks/use.js';
export { waitFor } from './tasks/wait_for.js';
export type { WaitableUnion, WaitableValues } from './tasks/waitables.js';
