import type { Environment } from '@marcbachmann/cel-js'

type Numeric = number | bigint
type Operation = (left: number, right: number) => number

const arithmetic: Readonly<Record<string, Operation>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
}

const simpleTypes = ['string', 'int', 'double', 'bool', 'bytes', 'list', 'map', 'google.protobuf.Timestamp']

/**
 * CEL keeps whole and decimal numbers apart, and null apart from everything. Who writes `site.quota == 1` or
 * `site.note != null` means what it says, so here both kinds of number mix and everything compares with null.
 */
export function registerOperators(environment: Environment, objectTypes: readonly string[]): void {
  environment.registerOperator('int == double', isSameNumber)
  for (const [operator, operation] of Object.entries(arithmetic)) {
    for (const types of mixedTypes(operator)) {
      const calculate = (left: Numeric, right: Numeric) => operation(Number(left), Number(right))
      environment.registerOperator(`${types[0]} ${operator} ${types[1]}: double`, calculate)
    }
  }
  for (const type of [...simpleTypes, ...objectTypes]) {
    environment.registerOperator(`${type} == null`, (value: unknown) => value === null)
  }
}

/** Lets `site.quota in [1, 2]` pass the check. At run time the values tell, and CEL compares them itself. */
export function registerMembership(environment: Environment): void {
  for (const types of ['double in list<int>', 'int in list<double>']) {
    environment.registerOperator(types, (value: Numeric, list: readonly Numeric[]) =>
      list.some((item) => isSameNumber(value, item)),
    )
  }
}

function mixedTypes(operator: string): [string, string][] {
  const mixed: [string, string][] = [
    ['int', 'double'],
    ['double', 'int'],
  ]
  return operator === '%' ? [...mixed, ['double', 'double']] : mixed
}

/** Exact, where turning a bigint into a number is not. */
function isSameNumber(left: Numeric, right: Numeric): boolean {
  return left <= right && left >= right
}
