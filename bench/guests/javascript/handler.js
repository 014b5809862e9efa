// The same computation as the Rust guest: adds up the prices of an order.
export const stepHandler = {
  describe() {
    return [{ name: 'sum', description: 'Adds up the prices of an order.', inputSchema: undefined, resultSchema: undefined }];
  },
  handle(handler, context) {
    const input = JSON.parse(context.taskInput);
    const total = input.items.reduce((sum, item) => sum + item.price, 0);
    return { tag: 'complete', val: JSON.stringify({ order: input.order, total, count: input.items.length }) };
  },
};
