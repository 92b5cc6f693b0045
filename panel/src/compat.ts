/** What the protocol's schemas call and Chrome 88 (CEP 11) lacks. Imported first. */
const lacking: { isWellFormed?: () => boolean } = String.prototype;
if (lacking.isWellFormed === undefined) {
  Object.defineProperty(String.prototype, "isWellFormed", {
    configurable: true,
    writable: true,
    value(this: string): boolean {
      return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(this);
    },
  });
}
