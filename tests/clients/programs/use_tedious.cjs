// Runs one statement with tedious, as a program of its own; reads what to do as JSON, writes JSON.
const { Connection, Request, TYPES } = require("tedious");

function main(order) {
  const rows = [];
  const connection = new Connection(order.config);
  const end = (answer) => {
    console.log(JSON.stringify(answer));
    process.exit(0);
  };
  connection.on("connect", (problem) => {
    if (problem) return end({ error: problem.message, code: problem.code });
    const request = new Request(order.sql, (failed) => {
      end(failed ? { error: failed.message, number: failed.number } : { rows });
    });
    request.on("row", (columns) => rows.push(columns.map((column) => column.value)));
    request.addParameter("entry", TYPES.Int, order.entry);
    connection.execSql(request);
  });
  connection.on("error", (problem) => end({ error: problem.message, code: problem.code }));
  connection.connect();
}

main(JSON.parse(require("fs").readFileSync(0, "utf8")));
