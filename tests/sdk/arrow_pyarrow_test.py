"""The Arrow hand-over, both ways, judged by pyarrow. Usage: arrow_pyarrow_test.py BRIDGE_LIBRARY"""

import ctypes
import datetime
import gc
import json
import sys
import unittest

import pyarrow as pa

bridge = ctypes.CDLL(sys.argv.pop(1))
for name in ("bridge_export", "bridge_import", "bridge_round_trip"):
    getattr(bridge, name).restype = ctypes.c_char_p

UTC = datetime.timezone.utc


class Structs:
    """Room for one ArrowSchema and one ArrowArray."""

    def __init__(self):
        self.schema = ctypes.create_string_buffer(72)
        self.array = ctypes.create_string_buffer(80)

    def pointers(self):
        return ctypes.byref(self.schema), ctypes.byref(self.array)

    def fill(self, batch):
        batch._export_to_c(ctypes.addressof(self.array), ctypes.addressof(self.schema))
        return self

    def take(self):
        return pa.RecordBatch._import_from_c(ctypes.addressof(self.array), ctypes.addressof(self.schema))


def exported(name):
    structs = Structs()
    error = bridge.bridge_export(name.encode(), *structs.pointers()).decode()
    if error:
        raise RuntimeError(error)
    batch = structs.take()
    batch.validate(full=True)
    return batch


def imported(batch, batch_records=1000):
    text = bridge.bridge_import(*Structs().fill(batch).pointers(), batch_records).decode()
    return [line if not line.startswith("{") else json.loads(line) for line in text.splitlines()]


def round_trip(batch):
    out = Structs()
    error = bridge.bridge_round_trip(*Structs().fill(batch).pointers(), *out.pointers()).decode()
    if error:
        raise RuntimeError(error)
    batch = out.take()
    batch.validate(full=True)
    return batch


def storage(column):
    return column.storage if isinstance(column, pa.ExtensionArray) else column


def one_column(array, name="c"):
    return pa.RecordBatch.from_arrays([array], names=[name])


class Export(unittest.TestCase):
    def test_every_type_and_nulls(self):
        batch = exported("table")
        types = [storage(column).type for column in batch.columns]
        self.assertEqual(types, [pa.bool_(), pa.int64(), pa.float64(), pa.utf8(), pa.binary(), pa.date32(),
                                 pa.timestamp("us", "UTC"), pa.utf8()])
        self.assertEqual(batch.schema.names, list("bifuxdtj"))
        self.assertEqual(batch.num_rows, 100)
        for row in range(100):
            values = [storage(column)[row].as_py() for column in batch.columns]
            if row % 3 == 1:
                self.assertEqual(values, [None] * 8)
            else:
                moment = datetime.datetime(1970, 1, 1, tzinfo=UTC) + datetime.timedelta(microseconds=row * 1000000 + 1)
                self.assertEqual(values, [row % 2 == 1, row, row + 0.5, f"u{row}", f"x{row}".encode(),
                                          datetime.date(1970, 1, 1) + datetime.timedelta(days=row), moment, f"[{row}]"])
        self.assertEqual(batch.column(0).null_count, 33)

    def test_json_carries_its_extension(self):
        field = exported("table").schema.field("j")
        extension = getattr(field.type, "extension_name", None) or field.metadata[b"ARROW:extension:name"].decode()
        self.assertEqual(extension, "arrow.json")

    def test_without_nulls_there_is_no_bitmap(self):
        for column in exported("no_nulls").columns:
            self.assertEqual(column.null_count, 0)
            self.assertIsNone(storage(column).buffers()[0])

    def test_documents(self):
        batch = exported("documents")
        rows = [{name: storage(batch.column(name))[i].as_py() for name in batch.schema.names} for i in range(2)]
        self.assertEqual(rows[0], {"value": b"one", "key": b"k", "op": 0, "headers": '{"h":"1"}',
                                   "event_time": datetime.datetime(1970, 1, 1, 0, 0, 1, 500000, tzinfo=UTC)})
        self.assertEqual(rows[1], {"value": b"", "key": None, "op": 1, "headers": None, "event_time": None})
        self.assertEqual(exported("values").to_pydict(), {"value": [b"a", b"", b"ccc"]})
        self.assertFalse(batch.schema.field("value").nullable)

    def test_delimited_documents_are_refused(self):
        with self.assertRaisesRegex(RuntimeError, "E_ARROW_DELIMITED"):
            exported("delimited")

    def test_the_frame_lives_as_long_as_any_column(self):
        gc.collect()
        before = bridge.bridge_frames_alive()
        batch = exported("table")
        self.assertEqual(bridge.bridge_frames_alive(), before + 1)
        column = batch.column(1)
        del batch
        gc.collect()
        self.assertEqual(bridge.bridge_frames_alive(), before + 1)
        self.assertEqual(column[50].as_py(), 50)
        del column
        gc.collect()
        self.assertEqual(bridge.bridge_frames_alive(), before)

    def test_an_unused_export_is_released(self):
        before = bridge.bridge_frames_alive()
        structs = Structs()
        self.assertEqual(bridge.bridge_export(b"table", *structs.pointers()), b"")
        structs.take()
        gc.collect()
        self.assertEqual(bridge.bridge_frames_alive(), before)


class Import(unittest.TestCase):
    def column(self, array):
        return [row["c"] if isinstance(row, dict) else row for row in imported(one_column(array))]

    def test_integers(self):
        for width in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"):
            kind = getattr(pa, width)()
            bits = int(width.strip("uint"))
            low, high = (0, 2**bits - 1) if width[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
            self.assertEqual(self.column(pa.array([low, None, 7, high], kind)), [low, None, 7, high])

    def test_uint64_where_it_fits(self):
        rows = self.column(pa.array([0, 2**63 - 1, 2**63, 5], pa.uint64()))
        self.assertEqual(rows[:3], [0, 2**63 - 1, 5])
        self.assertRegex(rows[3], 'rejected row 2: .*"c" is above int64')

    def test_floats_bools_and_texts(self):
        self.assertEqual(self.column(pa.array([0.5, None, -1.25], pa.float32())), [0.5, None, -1.25])
        self.assertEqual(self.column(pa.array([0.1, None, float("nan")], pa.float64())), [0.1, None, None])
        self.assertEqual(self.column(pa.array([True, None, False] * 7)), [True, None, False] * 7)
        for kind in (pa.utf8(), pa.large_utf8()):
            self.assertEqual(self.column(pa.array(["", None, "é\n\"", "x" * 1000], kind)), ["", None, "é\n\"", "x" * 1000])
        for kind in (pa.binary(), pa.large_binary()):
            self.assertEqual(self.column(pa.array([b"", None, b"\xff\x00\x01"], kind)), ["", None, "/wAB"])

    def test_dates_and_timestamps(self):
        self.assertEqual(self.column(pa.array([0, None, -1, 20780], pa.date32())),
                         ["1970-01-01", None, "1969-12-31", "2026-11-23"])
        for unit, value in (("s", 1), ("ms", 1000), ("us", 1000000), ("ns", 1000000000)):
            for zone in (None, "UTC"):
                self.assertEqual(self.column(pa.array([value, None, -value], pa.timestamp(unit, zone))),
                                 ["1970-01-01T00:00:01Z", None, "1969-12-31T23:59:59Z"])
        self.assertEqual(self.column(pa.array([1999, -1], pa.timestamp("ns"))),
                         ["1970-01-01T00:00:00.000001Z", "1969-12-31T23:59:59.999999Z"])
        rows = self.column(pa.array([2**62, 0], pa.timestamp("s")))
        self.assertEqual(rows[0], "1970-01-01T00:00:00Z")
        self.assertRegex(rows[1], "rejected row 0: .*beyond the range of microseconds")

    def test_other_types_are_refused_by_name(self):
        for array in (pa.array([1], pa.decimal128(5)), pa.array([[1]]), pa.array([{"a": 1}]), pa.nulls(1),
                      pa.array([1], pa.date64()), pa.array([1], pa.time64("us")), pa.array([1], pa.duration("s")),
                      pa.array([1], pa.timestamp("us", "Europe/Berlin")), pa.array([b"abc"], pa.binary(3)),
                      pa.array(["a"]).dictionary_encode()):
            text = bridge.bridge_import(*Structs().fill(one_column(array, "odd")).pointers(), 10).decode()
            self.assertRegex(text, 'E_ARROW_TYPE: column "odd"')

    def test_slices_begin_where_they_say(self):
        values = [None if i % 5 == 0 else i for i in range(200)]
        batch = pa.RecordBatch.from_arrays(
            [pa.array(values, pa.int32()), pa.array([None if v is None else f"t{v}" for v in values]),
             pa.array([None if v is None else v % 2 == 0 for v in values])], names=["i", "t", "b"])
        for begin, size in ((0, 200), (1, 50), (7, 9), (63, 130), (199, 1), (100, 0)):
            want = batch.slice(begin, size)
            self.assertEqual(imported(want, 13), want.to_pylist())

    def test_columns_with_offsets_of_their_own(self):
        batch = pa.RecordBatch.from_arrays([pa.array(range(20), pa.int64()).slice(5, 10),
                                            pa.array([str(i) for i in range(13)]).slice(3, 10)], names=["a", "b"])
        self.assertEqual(imported(batch), batch.to_pylist())

    def test_a_struct_with_nulls_and_an_offset(self):
        struct = pa.array([{"a": 1}, None, {"a": 3}, {"a": None}]).slice(1)
        structs = Structs()
        struct._export_to_c(ctypes.addressof(structs.array), ctypes.addressof(structs.schema))
        text = bridge.bridge_import(*structs.pointers(), 10).decode()
        self.assertEqual([json.loads(line) for line in text.splitlines()], [{"a": None}, {"a": 3}, {"a": None}])

    def test_no_struct_and_no_columns_are_refused(self):
        structs = Structs()
        pa.array([1])._export_to_c(ctypes.addressof(structs.array), ctypes.addressof(structs.schema))
        self.assertRegex(bridge.bridge_import(*structs.pointers(), 10).decode(), "E_ARROW_TYPE.*no struct")
        empty = pa.RecordBatch.from_arrays([], names=[])
        self.assertRegex(bridge.bridge_import(*Structs().fill(empty).pointers(), 10).decode(), "E_ARROW_TYPE.*no columns")


class RoundTrip(unittest.TestCase):
    def test_what_went_in_comes_out(self):
        batch = pa.RecordBatch.from_pydict({
            "b": pa.array([True, None, False]), "i": pa.array([1, None, -(2**63)]),
            "f": pa.array([0.5, None, float("inf")]), "u": pa.array(["é", None, ""]),
            "x": pa.array([b"\x00", None, b""]), "d": pa.array([0, None, -400000], pa.date32()),
            "t": pa.array([1, None, -(2**62)], pa.timestamp("us", "UTC"))})
        self.assertTrue(round_trip(batch).equals(batch))

    def test_exports_can_be_imported(self):
        batch = exported("table")
        again = round_trip(batch)
        self.assertEqual(again.schema.names, batch.schema.names)
        for before, after in zip(batch.columns, again.columns):
            self.assertEqual(before.type, after.type)
            self.assertTrue(storage(before).equals(storage(after)))

    def test_nothing_leaks(self):
        gc.collect()
        before = bridge.bridge_frames_alive(), pa.total_allocated_bytes()
        for _ in range(50):
            round_trip(one_column(pa.array(range(1000))))
        gc.collect()
        self.assertEqual((bridge.bridge_frames_alive(), pa.total_allocated_bytes()), before)


if __name__ == "__main__":
    print("pyarrow", pa.__version__)
    unittest.main(verbosity=1)
