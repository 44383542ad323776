/** Does something for each, so many at a time. */
export async function mapLimit<Item>(
  items: readonly Item[],
  limit: number,
  work: (item: Item, index: number) => Promise<unknown>,
): Promise<void> {
  const rest = items.entries()
  const one = async () => {
    for (const [index, item] of rest) await work(item, index)
  }
  await Promise.all(Array.from({ length: limit }, one))
}
