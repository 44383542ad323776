import { execFileSync } from 'node:child_process'

/** What is in a directory, with owners and modes, into another one that is there. `cp` shares the blocks where the file system can. */
export function copyTree(source: string, target: string): void {
  execFileSync('cp', ['-a', '--reflink=auto', `${source}/.`, target], { stdio: 'pipe' })
}
