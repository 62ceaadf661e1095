/** A use of something shared; disposing the last use removes it. Disposing twice is fine. */
export interface Use<T> extends AsyncDisposable {
  readonly value: T;
}

interface Entry<T> {
  users: number;
  readonly made: Promise<{ readonly value: T; readonly undo: AsyncDisposableStack }>;
}

/** Things that several users within this process share: made for the first user, removed after the last. */
export class Refcounted<T> {
  readonly #entries = new Map<string, Entry<T>>();
  /** A removal that goes on must end before the same thing is made anew. */
  readonly #removals = new Map<string, Promise<unknown>>();

  /**
   * @param make registers each undo before it does something; what it did is undone when it throws, and its error comes out
   * at every user that waited for it.
   */
  async acquire(key: string, make: (undo: AsyncDisposableStack) => Promise<T>): Promise<Use<T>> {
    const entry = this.#entries.get(key) ?? { users: 0, made: this.#make(key, make) };
    this.#entries.set(key, entry);
    entry.users += 1;
    try {
      const { value } = await entry.made;
      let released = false;
      const release = async () => {
        if (released) return;
        released = true;
        await this.#release(key, entry);
      };
      return { value, [Symbol.asyncDispose]: release };
    } catch (error) {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      throw error;
    }
  }

  async #make(key: string, make: (undo: AsyncDisposableStack) => Promise<T>) {
    await this.#removals.get(key);
    await using undo = new AsyncDisposableStack();
    const value = await make(undo);
    return { value, undo: undo.move() };
  }

  async #release(key: string, entry: Entry<T>): Promise<void> {
    entry.users -= 1;
    if (entry.users > 0) return;
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
    const removal = entry.made.then(({ undo }) => undo.disposeAsync());
    const settled = Promise.allSettled([removal]);
    this.#removals.set(key, settled);
    try {
      await removal;
    } finally {
      if (this.#removals.get(key) === settled) this.#removals.delete(key);
    }
  }
}
