import type { ShellStep } from './render-step.ts'

/** An operation's steps, ready to be ordered. */
export interface Block {
  index: string
  /** Blocks of different groups never interleave: what one deletes, the next may make again. */
  group: string
  steps: readonly ShellStep[]
}

/** A part of an operation that runs without a break. */
export interface Segment {
  index: string
  steps: readonly ShellStep[]
  /** Whether the steps leave work that is done together with that of other operations. */
  pending: boolean
  last: boolean
}

/** Segments that stand one after the other; what they leave pending is settled at the end of the phase. */
export type Phase = readonly Segment[]

/** What these do is done when their line is. */
const atOnce: ReadonlySet<ShellStep['kind']> = new Set(['run', 'trash', 'ahead'])
const mostBlocks = 500
const mostContent = 8 * 1024 * 1024

/** Consecutive blocks of one group, as many as are settled together. */
export function intoBatches(blocks: readonly Block[]): Block[][] {
  const batches: Block[][] = []
  let content = 0
  for (const block of blocks) {
    const batch = batches.at(-1)
    content += contentOf(block)
    if (batch && batch.length < mostBlocks && content < mostContent && batch[0]?.group === block.group)
      batch.push(block)
    else {
      batches.push([block])
      content = contentOf(block)
    }
  }
  return batches
}

/**
 * The first segment of every block, then the second of every block, and so on. So what many operations do alike is
 * done once for all: one mv, one check. Within an operation the order stays.
 */
export function intoPhases(batch: readonly Block[]): Phase[] {
  const segments = batch.map(intoSegments)
  const length = Math.max(...segments.map((ofBlock) => ofBlock.length))
  return Array.from({ length }, (_, phase) => segments.flatMap((ofBlock) => ofBlock[phase] ?? []))
}

function intoSegments(block: Block): Segment[] {
  const runs: ShellStep[][] = []
  for (const step of block.steps) {
    const run = runs.at(-1)
    if (run?.[0]?.kind === step.kind) run.push(step)
    else runs.push([step])
  }
  if (runs.length === 0) runs.push([])
  return runs.map((steps, position) => ({
    index: block.index,
    steps,
    pending: steps[0] !== undefined && !atOnce.has(steps[0].kind),
    last: position === runs.length - 1,
  }))
}

function contentOf(block: Block): number {
  return block.steps.reduce((sum, step) => sum + (step.kind === 'file' ? step.content.masked.length : 0), 0)
}
