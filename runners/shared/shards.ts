/** A place in one of several; disposing it twice is fine. */
export interface Place<T> extends Disposable {
  readonly value: T;
}

/** Several of one thing, of which each has room for only so many users: another is made when all are full. */
export class Shards<T> {
  readonly #all: { readonly value: T; users: number }[];
  readonly #make: (shard: number) => Promise<T>;
  readonly #room: number;
  #growing: Promise<void> | undefined;

  /** @param make makes the n-th, counted from 0; `first` is number 0. Never called twice at a time. */
  constructor(first: T, make: (shard: number) => Promise<T>, room: number) {
    this.#all = [{ value: first, users: 0 }];
    this.#make = make;
    this.#room = room;
  }

  /** The first that has room. @throws what `make` throws; another call tries again. */
  async take(): Promise<Place<T>> {
    for (;;) {
      const shard = this.#all.find(({ users }) => users < this.#room);
      if (!shard) {
        this.#growing ??= this.#grow().finally(() => (this.#growing = undefined));
        await this.#growing;
        continue;
      }
      shard.users += 1;
      let left = false;
      const leave = () => {
        if (!left) shard.users -= 1;
        left = true;
      };
      return { value: shard.value, [Symbol.dispose]: leave };
    }
  }

  async #grow(): Promise<void> {
    this.#all.push({ value: await this.#make(this.#all.length), users: 0 });
  }
}
