// Which output is chosen, while the program is edited: a renamed one is followed, and one that is gone may come back.
export class Choice {
  // The names of the program that was read last.
  #names = [];
  // What was chosen and is gone; what the chosen one was called before.
  lost = null;
  was = null;

  // Whether the program that was read last has a name.
  has(name) {
    return this.#names.includes(name);
  }

  // Another program, or another choice made by hand.
  forget() {
    [this.#names, this.lost, this.was] = [[], null, null];
  }

  // A program with these names has been read: what is chosen in it, where `chosen` was before (nothing: the last s-op).
  follow(names, chosen) {
    const fresh = names.filter((name) => !this.has(name));
    this.#names = names;
    this.was = null;
    if (!chosen) {
      if (!names.includes(this.lost)) return undefined;
      chosen = this.lost;
    }
    if (names.includes(chosen)) {
      this.lost = null;
      return chosen;
    }
    if (fresh.length === 1) {
      [this.was, this.lost] = [chosen, null];
      return fresh[0];
    }
    this.lost = chosen;
    return undefined;
  }
}
