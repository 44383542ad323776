import { existsSync, readFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'

/**
 * How Node reads a `.ts` or `.js` file in a directory: by the nearest package.json. `detected` means that the file's own syntax
 * decides, which is so where no `type` is given; npm writes `"type": "commonjs"` into new projects.
 */
export type ModuleKind = 'module' | 'commonjs' | 'detected'

export function moduleKindIn(directory: string): ModuleKind {
  const path = join(directory, 'package.json')
  if (existsSync(path)) return typeIn(path)
  const parent = dirname(directory)
  return parent === directory ? 'detected' : moduleKindIn(parent)
}

function typeIn(path: string): ModuleKind {
  try {
    const { type } = JSON.parse(readFileSync(path, 'utf8'))
    return type === 'module' || type === 'commonjs' ? type : 'detected'
  } catch {
    // Node itself says what is wrong with it.
    return 'detected'
  }
}

const statement = /^(import|export)[\s{*'"]/m

/** Whether Node would refuse this file because it imports and exports where its project has neither. */
export function isModuleInCommonJs(path: string): boolean {
  if (!['.ts', '.js'].includes(extname(path))) return false
  return moduleKindIn(dirname(path)) === 'commonjs' && statement.test(readFileSync(path, 'utf8'))
}
