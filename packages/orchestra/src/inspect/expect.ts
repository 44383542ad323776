import { hash } from 'node:crypto'
import type { Recording, Rendered, Step } from '../script/index.ts'
import { fileMode } from '../script/render-step.ts'
import type { FileStep, Permissions, RunStep } from '../script/steps.ts'

/**
 * A file by the digest of its content; the content itself is not there where it is too large to be held. Without an owner it is
 * of who acts there.
 */
export interface ExpectedFile extends Permissions {
  kind: 'file'
  path: string
  mode: string
  digest: string
  content: Rendered | null
}

export type ExpectedPlace =
  | ExpectedFile
  | Extract<Step, { kind: 'directory' | 'symlink' }>
  | { kind: 'absent'; path: string }

/** What is the case on a server when an object is as its backend's `save` leaves it. */
export interface Expectation {
  /** One for each path. */
  places: readonly ExpectedPlace[]
  /** Commands that should not need to run again. */
  runs: readonly RunStep[]
  /** What cannot be checked, and why. */
  unknown: readonly { title: string; reason: string }[]
}

/** Reads what a method recorded as the state that it leads to. Pure. */
export function expectationOf(recording: Recording): Expectation {
  if (recording.kind === 'failed') {
    return { places: [], runs: [], unknown: [{ title: 'save', reason: recording.error.message }] }
  }
  const { steps } = recording
  const runs = steps.filter((step) => step.kind === 'run')
  return {
    places: lastOfEachPath(steps.flatMap(toPlace)),
    runs: runs.filter(isGuarded),
    unknown: steps.flatMap(whyUnknown),
  }
}

/** What a step leaves at its path; nothing for steps that are about no path. */
function toPlace(step: Step): ExpectedPlace[] {
  switch (step.kind) {
    case 'file':
      return [toExpectedFile(step)]
    case 'directory':
    case 'symlink':
      return [step]
    case 'absent':
    case 'trash':
      return [{ kind: 'absent', path: step.path }]
    default:
      return []
  }
}

function isGuarded({ unless, onlyIf }: RunStep): boolean {
  return unless !== null || onlyIf !== null
}

/** Streamed files are looked at with the objects that they are made of. */
function whyUnknown(step: Step): { title: string; reason: string }[] {
  switch (step.kind) {
    case 'run':
      if (isGuarded(step)) return []
      return [{ title: step.command.masked, reason: 'runs every time: give it `unless`' }]
    case 'write':
      return [{ title: 'write', reason: 'is a program for another interpreter, which cannot be asked' }]
    case 'call':
      return [{ title: step.name, reason: 'is done by a function of the worker, which cannot be asked' }]
    default:
      return []
  }
}

/** A later step decides about the paths it makes or removes. */
function lastOfEachPath(places: readonly ExpectedPlace[]): readonly ExpectedPlace[] {
  if (places.length < 2) return places
  const last = new Map<string, ExpectedPlace>()
  for (const place of places) {
    if (place.kind === 'absent') forgetBelow(last, place.path)
    else forgetAbsence(last, place.path)
    last.set(place.path, place)
  }
  return [...last.values()]
}

function forgetBelow(last: Map<string, ExpectedPlace>, path: string): void {
  for (const other of last.keys()) if (other.startsWith(`${path}/`)) last.delete(other)
}

/** What was removed and made again, with something in it, is there. */
function forgetAbsence(last: Map<string, ExpectedPlace>, path: string): void {
  for (const [other, place] of last) {
    if (place.kind === 'absent' && path.startsWith(`${other}/`)) last.delete(other)
  }
}

function toExpectedFile({ path, content, owner, group, ...step }: FileStep): ExpectedFile {
  const digest = hash('sha256', content.reveal())
  const mode = fileMode(step.mode, content.secrets.length > 0)
  return { kind: 'file', path, digest, content, mode, owner, group }
}
